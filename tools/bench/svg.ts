/** Pieces of SVG drawings. */

/** Text that begins at, ends at or is centred on a point. */
export function text(
  at: readonly [number, number],
  anchor: "start" | "middle" | "end",
  said: string,
  fill = "#333",
): string {
  return `<text x="${at[0]}" y="${at[1]}" text-anchor="${anchor}" fill="${fill}">${said}</text>`;
}

/** A whole drawing on white. */
export function drawing(width: number, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}
