/** The terminal the guest believes its serial port is connected to, kept in memory and copied to the screen. */
import type { IBufferCell, Terminal } from "@xterm/headless";
import xterm from "@xterm/headless";

export interface GuestConsoleOptions {
  readonly columns: number;
  readonly rows: number;
  /** Called with what the terminal answers to queries, such as where its cursor is. */
  onReply(bytes: Uint8Array): void;
  /** Called when there is something new to see. */
  onChange(): void;
}

const scrollbackRows = 10_000;
/** Output the guest may be ahead of the terminal before it has to wait. */
const mostUnparsedBytes = 1 << 18;

/** Cursor keys as a terminal sends them, after ESC and either "[" or, in application mode (DECCKM), "O". */
const cursorKeys = new Map([
  ["up", "A"],
  ["down", "B"],
  ["right", "C"],
  ["left", "D"],
  ["home", "H"],
  ["end", "F"],
]);

export class GuestConsole {
  readonly #terminal: Terminal;
  readonly #onChange: () => void;
  #unparsedBytes = 0;
  /** Rows the screen is scrolled back. */
  #scrolledBack = 0;

  constructor({ columns, rows, onReply, onChange }: GuestConsoleOptions) {
    this.#onChange = onChange;
    this.#terminal = new xterm.Terminal({
      cols: columns,
      rows,
      scrollback: scrollbackRows,
      allowProposedApi: true,
    });
    this.#terminal.onData((text) => onReply(new TextEncoder().encode(text)));
  }

  write(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#unparsedBytes += length;
    this.#terminal.write(bytes.slice(), () => {
      this.#unparsedBytes -= length;
      this.#onChange();
    });
  }

  /** Waits while too much output is not parsed yet. */
  async settle(): Promise<void> {
    if (this.#unparsedBytes < mostUnparsedBytes) return;
    await new Promise<void>((resolve) => this.#terminal.write("", resolve));
  }

  resize(columns: number, rows: number): void {
    if (columns === this.#terminal.cols && rows === this.#terminal.rows) return;
    this.#terminal.resize(Math.max(2, columns), Math.max(1, rows));
    this.scrollToEnd();
  }

  /** A line for a new machine's output to stand apart from the old one's. */
  announce(text: string): void {
    this.write(new TextEncoder().encode(`\x1b[m\r\n\x1b[7m ${text} \x1b[m\r\n`));
  }

  get scrolledBack(): number {
    return this.#scrolledBack;
  }

  /** Scrolls towards older output, or, with a negative number, back. */
  scroll(rows: number): void {
    const { baseY } = this.#terminal.buffer.active;
    this.#scrolledBack = Math.min(Math.max(this.#scrolledBack + rows, 0), baseY);
    this.#onChange();
  }

  scrollToEnd(): void {
    this.#scrolledBack = 0;
    this.#onChange();
  }

  /** What a key sends, in the mode the guest has put the terminal into. */
  encodeKey(name: string | undefined, bytes: Uint8Array): Uint8Array {
    const final = cursorKeys.get(name ?? "");
    if (final === undefined) return bytes;
    const introducer = this.#terminal.modes.applicationCursorKeysMode ? "O" : "[";
    return new TextEncoder().encode(`\x1b${introducer}${final}`);
  }

  /** The visible rows, with escape sequences for their colours. */
  rows(withCursor: boolean): string[] {
    const { active } = this.#terminal.buffer;
    const cell = active.getNullCell();
    const first = active.baseY - this.#scrolledBack;
    const cursorRow = active.baseY + active.cursorY;
    return Array.from({ length: this.#terminal.rows }, (_, index) => {
      const cursorColumn = withCursor && first + index === cursorRow ? active.cursorX : undefined;
      return this.#row(first + index, cell, cursorColumn);
    });
  }

  #row(index: number, cell: IBufferCell, cursorColumn: number | undefined): string {
    const bufferLine = this.#terminal.buffer.active.getLine(index);
    let text = "";
    let look = "";
    for (let column = 0; column < this.#terminal.cols; column++) {
      bufferLine?.getCell(column, cell);
      if (bufferLine !== undefined && cell.getWidth() === 0) continue; // the second half of a wide character
      const cellLook = bufferLine === undefined ? "" : describeLook(cell, column === cursorColumn);
      if (cellLook !== look) text += `\x1b[0${cellLook}m`;
      look = cellLook;
      text += (bufferLine !== undefined && cell.getChars()) || " ";
    }
    return look === "" ? text : `${text}\x1b[m`;
  }
}

/** Parameters of SGR, each after a semicolon. */
function describeLook(cell: IBufferCell, cursor: boolean): string {
  let look = "";
  if (cell.isBold()) look += ";1";
  if (cell.isUnderline()) look += ";4";
  if (cell.isBlink()) look += ";5";
  if ((cell.isInverse() !== 0) !== cursor) look += ";7";
  if (cell.isInvisible()) look += ";8";
  if (cell.isFgPalette()) look += `;38;5;${cell.getFgColor()}`;
  else if (cell.isFgRGB()) look += `;38;2;${components(cell.getFgColor())}`;
  if (cell.isBgPalette()) look += `;48;5;${cell.getBgColor()}`;
  else if (cell.isBgRGB()) look += `;48;2;${components(cell.getBgColor())}`;
  return look;
}

function components(color: number): string {
  return `${color >> 16};${(color >> 8) & 0xff};${color & 0xff}`;
}
