/** Lines of coloured text of an exact width, which is what every view is made of. */

/** Looks of text, as parameters of SGR (ECMA-48, 8.3.117). */
export const look = {
  plain: "",
  dim: "38;5;245",
  name: "36",
  changed: "1;33",
  strong: "1",
  good: "32",
  bad: "1;31",
  here: "1;30;42",
  mark: "1;31",
  title: "30;47",
  focusedTitle: "1;30;46",
  bar: "97;44",
  key: "97;40",
  keyLabel: "30;46",
} as const;

export type Look = (typeof look)[keyof typeof look];

export interface Span {
  readonly text: string;
  readonly look: Look;
}

export type Line = readonly Span[];

export function span(text: string, textLook: Look = look.plain): Span {
  return { text, look: textLook };
}

/** A line of one span. */
export function line(text: string, textLook: Look = look.plain): Line {
  return [span(text, textLook)];
}

/** Characters of a line. */
export function lineWidth(content: Line): number {
  return content.reduce((sum, { text }) => sum + text.length, 0);
}

/** Cuts or fills a line to `width` characters and writes it with escape sequences, on a background if need be. */
export function renderLine(content: Line, width: number, background: Look = look.plain): string {
  let left = width;
  let rendered = "";
  for (const { text, look: textLook } of content) {
    const shown = text.slice(0, left);
    left -= shown.length;
    rendered += paint(shown, background, textLook);
  }
  return rendered + paint(" ".repeat(left), background, look.plain);
}

function paint(text: string, background: Look, textLook: Look): string {
  const parameters = [background, textLook].filter((part) => part !== look.plain).join(";");
  return parameters === "" || text === "" ? text : `\x1b[${parameters}m${text}\x1b[m`;
}

/** What is to be read of a line: its text alone. */
export function plainText(content: Line): string {
  return content.map(({ text }) => text).join("");
}
