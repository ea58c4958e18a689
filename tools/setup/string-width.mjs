/**
 * The columns of a text in help pages, for the parser of command lines. It would load a package for that whose regular
 * expressions, all emoji among them, take V8 a hundred milliseconds to read; our help pages have letters.
 */
export default function stringWidth(text) {
  return [...text].length;
}
