/** What a terminal sends when someone types or uses the mouse, taken apart (xterm's control sequences). */

export type InputItem =
  /** Plain characters and control characters, as they came. */
  | { readonly kind: "text"; readonly bytes: Uint8Array }
  /** A key that sends an escape sequence; `name` is undefined for one that is not known here. */
  | { readonly kind: "key"; readonly name: string | undefined; readonly bytes: Uint8Array }
  | MouseItem;

export interface MouseItem {
  readonly kind: "mouse";
  readonly action: "press" | "release" | "drag" | "wheel-up" | "wheel-down";
  /** Column and row, from 0. */
  readonly x: number;
  readonly y: number;
}

/** Reports presses, releases, drags and the wheel, in decimal (modes 1002 and 1006). */
export const mouseOn = "\x1b[?1002h\x1b[?1006h";
export const mouseOff = "\x1b[?1006l\x1b[?1002l";

const escapeCharacter = "\x1b";
/** What follows ESC: [ … final, O letter, the Linux console's [ [ letter, or one character. */
const sequence = /^(?:\[\[[A-E]|\[[0-?]*[ -/]*[@-~]|O[ -~]|[^[O])/;
const unfinished = /^(?:\[\[?[0-?]*[ -/]*|O)?$/;
const mouseReport = /^\[<(\d+);(\d+);(\d+)([Mm])$/;

const keyNames = new Map([
  ...["\x1bOP", "\x1b[11~", "\x1b[[A"].map((keys) => [keys, "f1"] as const),
  ...["\x1bOQ", "\x1b[12~", "\x1b[[B"].map((keys) => [keys, "f2"] as const),
  ...["\x1bOR", "\x1b[13~", "\x1b[[C"].map((keys) => [keys, "f3"] as const),
  ...["\x1bOS", "\x1b[14~", "\x1b[[D"].map((keys) => [keys, "f4"] as const),
  ...["\x1b[15~", "\x1b[[E"].map((keys) => [keys, "f5"] as const),
  ...[17, 18, 19, 20, 21, 23, 24].map((code, index) => [`\x1b[${code}~`, `f${6 + index}`] as const),
  ...["\x1b[A", "\x1bOA"].map((keys) => [keys, "up"] as const),
  ...["\x1b[B", "\x1bOB"].map((keys) => [keys, "down"] as const),
  ...["\x1b[C", "\x1bOC"].map((keys) => [keys, "right"] as const),
  ...["\x1b[D", "\x1bOD"].map((keys) => [keys, "left"] as const),
  ...["\x1b[H", "\x1bOH", "\x1b[1~"].map((keys) => [keys, "home"] as const),
  ...["\x1b[F", "\x1bOF", "\x1b[4~"].map((keys) => [keys, "end"] as const),
  ["\x1b[5~", "page-up"],
  ["\x1b[6~", "page-down"],
  ["\x1b[5;2~", "shift-page-up"],
  ["\x1b[6;2~", "shift-page-down"],
  ["\x1b[Z", "shift-tab"],
  ["\x1b", "escape"],
]);

/** Takes input apart; a sequence that arrives in two pieces is put together again. */
export class Keyboard {
  #held = "";

  /** True while the beginning of a sequence is held back: call `flush` when nothing follows soon. */
  get holding(): boolean {
    return this.#held !== "";
  }

  decode(bytes: Uint8Array): InputItem[] {
    let rest = this.#held + Buffer.from(bytes).toString("latin1");
    this.#held = "";
    const items: InputItem[] = [];
    while (rest !== "") {
      const length = pieceLength(rest);
      if (length === 0) {
        if (unfinished.test(rest.slice(1))) this.#held = rest;
        // What looks like a sequence and is none is passed on as it came.
        else items.push({ kind: "text", bytes: Buffer.from(rest, "latin1") });
        break;
      }
      items.push(identify(rest.slice(0, length)));
      rest = rest.slice(length);
    }
    return items;
  }

  /** What was held back is all there is: the Escape key itself, for example. */
  flush(): InputItem[] {
    const held = this.#held;
    this.#held = "";
    return held === "" ? [] : [{ kind: "key", name: keyNames.get(held), bytes: Buffer.from(held, "latin1") }];
  }
}

/** Characters of the sequence or of the plain text that `input` starts with; 0 when the sequence is not complete. */
function pieceLength(input: string): number {
  if (input.startsWith(escapeCharacter)) {
    const following = sequence.exec(input.slice(1));
    return following === null ? 0 : 1 + following[0].length;
  }
  const end = input.indexOf(escapeCharacter);
  return end < 0 ? input.length : end;
}

function identify(piece: string): InputItem {
  const bytes = Buffer.from(piece, "latin1");
  if (!piece.startsWith(escapeCharacter)) return { kind: "text", bytes };
  const report = mouseReport.exec(piece.slice(1));
  if (report === null) return { kind: "key", name: keyNames.get(piece), bytes };
  const [, button = "0", x = "1", y = "1", final] = report;
  return {
    kind: "mouse",
    action: mouseAction(Number(button), final === "m"),
    x: Number(x) - 1,
    y: Number(y) - 1,
  };
}

function mouseAction(button: number, released: boolean): MouseItem["action"] {
  if ((button & 64) !== 0) return (button & 1) === 0 ? "wheel-up" : "wheel-down";
  if ((button & 32) !== 0) return "drag";
  return released ? "release" : "press";
}
