/** A conversation with the guest written down beforehand: what to wait for, and what to type then. */

export type ScriptStep =
  | { readonly kind: "expect"; readonly pattern: RegExp; readonly source: string }
  | { readonly kind: "send"; readonly bytes: Uint8Array };

/** Output that is kept to be matched; older output is forgotten. */
const windowCharacters = 1 << 16;

/** Control sequences (ECMA-48, 5.4) after their ESC: colours, and a shell's question where the cursor is. */
const controlSequence = /^\[[0-?]*[ -/]*[@-~]/;
const unfinishedSequence = /^(?:\[[0-?]*[ -/]*)?$/;

export class Script {
  readonly #steps: readonly ScriptStep[];
  readonly #decoder = new TextDecoder();
  #position = 0;
  #window = "";
  /** A control sequence of which only the beginning has arrived. */
  #unfinished = "";
  #fresh = false;

  constructor(steps: readonly ScriptStep[]) {
    this.#steps = steps;
  }

  /** Takes what the guest printed. Control sequences are not matched: they cannot be seen on a screen either. */
  feed(bytes: Uint8Array): void {
    const [text = "", ...escaped] = (this.#unfinished + this.#decoder.decode(bytes, { stream: true })).split(
      "\x1b",
    );
    const last = escaped.at(-1);
    this.#unfinished = last !== undefined && unfinishedSequence.test(last) ? `\x1b${last}` : "";
    const rest = this.#unfinished === "" ? escaped : escaped.slice(0, -1);
    const visible = text + rest.map((piece) => piece.replace(controlSequence, "")).join("");
    this.#window = (this.#window + visible).slice(-windowCharacters);
    this.#fresh = true;
  }

  /** Goes as far as the output allows and answers what is to be typed now. A pattern sees only output after the last match. */
  advance(): Uint8Array[] {
    const typed: Uint8Array[] = [];
    for (; this.#position < this.#steps.length; this.#position++) {
      const step = this.#steps[this.#position];
      if (step?.kind === "send") typed.push(step.bytes);
      else if (step?.kind === "expect" && !this.#match(step.pattern)) break;
    }
    this.#fresh = false;
    return typed;
  }

  /** The pattern that is waited for; undefined when none is left. */
  get waitingFor(): string | undefined {
    return this.#steps.slice(this.#position).find((step) => step.kind === "expect")?.source;
  }

  #match(pattern: RegExp): boolean {
    if (!this.#fresh) return false;
    const match = pattern.exec(this.#window);
    if (match === null) return false;
    this.#window = this.#window.slice(match.index + match[0].length);
    return true;
  }
}

/** A pattern as `--expect` takes it: a regular expression in which `^` and `$` match at every line. Throws `SyntaxError`. */
export function parseExpect(source: string): ScriptStep {
  return { kind: "expect", pattern: new RegExp(source, "m"), source };
}

const namedEscapes = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["e", "\x1b"],
  ["\\", "\\"],
]);

/** Text as `--send` takes it, with `\n`, `\r`, `\t`, `\e`, `\\` and bytes as `\xNN`. Throws `SyntaxError`. */
export function parseSend(text: string): ScriptStep {
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  for (const [token, byte, letter] of text.matchAll(/\\x([0-9a-fA-F]{2})|\\(.?)|[^\\]+/gs)) {
    if (byte !== undefined) {
      bytes.push(Number.parseInt(byte, 16));
    } else if (letter !== undefined) {
      const character = namedEscapes.get(letter);
      if (character === undefined) {
        throw new SyntaxError(`"${token}" is no escape; there are \\n \\r \\t \\e \\\\ and \\xNN`);
      }
      bytes.push(...encoder.encode(character));
    } else {
      bytes.push(...encoder.encode(token));
    }
  }
  return { kind: "send", bytes: Uint8Array.from(bytes) };
}
