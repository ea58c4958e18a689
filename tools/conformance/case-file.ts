/**
 * A test in a file of its own, `NAME.case.json`: what the fuzzer writes down of a divergence, and what anybody may write by
 * hand. Numbers are strings such as "0x1f", bytes are hexadecimal digits in the order of addresses.
 */
import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { Case, Expectation, Piece, State, Step, Test } from "./case.ts";

/** A file that is no test; the message says which part is wrong and how it ought to look. */
export class CaseFileError extends Error {
  override readonly name = "CaseFileError";
}

const FORMAT = "trapframe-case-1";

/** The text of a file that holds a test. */
export function writeCaseFile(test: Test): string {
  const { name, cpu, harts, ram } = test;
  const content = { format: FORMAT, name, cpu, harts, ram, cases: [...test.cases()].map(caseToJson) };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** Reads such a text. Throws `CaseFileError`. */
export function readCaseFile(text: string): Test {
  const root = new Reader(parse(text), "");
  if (root.text("format") !== FORMAT) throw new CaseFileError(`"format" is not "${FORMAT}"`);
  const cases = root.list("cases").map(caseFromJson);
  return {
    name: root.text("name"),
    ...root.optional("cpu", (r) => r.asText()),
    ...root.optional("harts", (r) => r.asCount()),
    ...root.optional("ram", (r) => r.asCount()),
    cases: () => cases,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CaseFileError(`it is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

const hex = (value: bigint) => `0x${value.toString(16)}`;
const hexAll = (values: Readonly<Record<string, bigint>> | undefined) =>
  values && Object.fromEntries(Object.entries(values).map(([name, value]) => [name, hex(value)]));

const pieceToJson = ({ at, bytes }: Piece) => ({ at: hex(at), bytes: Buffer.from(bytes).toString("hex") });

const stateToJson = ({ pc, mode, waiting, x, f, csrs }: State) => ({
  pc: pc === undefined ? undefined : hex(pc),
  mode,
  waiting,
  x: hexAll(x),
  f: hexAll(f),
  csrs: hexAll(csrs),
});

const expectationToJson = (after: Expectation) => ({
  ...stateToJson(after),
  memory: after.memory?.map(pieceToJson),
  trap: after.trap && {
    mode: after.trap.mode,
    cause: hex(after.trap.cause),
    pc: hex(after.trap.pc),
    value: hex(after.trap.value),
  },
  tlbMisses: after.tlbMisses === undefined ? undefined : hex(after.tlbMisses),
});

const stepToJson = ({ hart, slots, lines, set, stores, after }: Step) => ({
  hart,
  slots,
  lines: lines === undefined ? undefined : hex(lines),
  set: set && stateToJson(set),
  stores: stores?.map(pieceToJson),
  after: expectationToJson(after),
});

const caseToJson = ({ name, because, before, otherHarts, memory, steps }: Case) => ({
  name,
  because,
  before: stateToJson(before),
  otherHarts: otherHarts?.map(stateToJson),
  memory: memory.map(pieceToJson),
  steps: steps.map(stepToJson),
});

/** A value of the file, and where it stands, for messages. */
class Reader {
  readonly #value: unknown;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    this.#value = value;
    this.#path = path;
  }

  /** What stands under a name; a reader of undefined where nothing does. */
  get(name: string): Reader {
    const path = this.#path === "" ? name : `${this.#path}.${name}`;
    return new Reader(Object.entries(this.#record()).find(([key]) => key === name)?.[1], path);
  }

  text = (name: string) => this.get(name).asText();
  number = (name: string) => this.get(name).asNumber();

  /** `{ [name]: read(…) }`, or nothing where the file says nothing. */
  optional<Name extends string, Value>(name: Name, read: (r: Reader) => Value): { [K in Name]?: Value } {
    const reader = this.get(name);
    const found: { [K in Name]?: Value } = {};
    if (reader.#value !== undefined) found[name] = read(reader);
    return found;
  }

  list(name: string): Reader[] {
    return this.get(name).asList();
  }

  asList(): Reader[] {
    if (!Array.isArray(this.#value)) return this.#refuse("a list");
    return this.#value.map((value: unknown, i) => new Reader(value, `${this.#path}[${i}]`));
  }

  asText(): string {
    return typeof this.#value === "string" ? this.#value : this.#refuse("a string");
  }

  asBoolean(): boolean {
    return typeof this.#value === "boolean" ? this.#value : this.#refuse("true or false");
  }

  asCount(): number {
    const count = this.#value;
    return typeof count === "number" && Number.isSafeInteger(count) && count >= 0
      ? count
      : this.#refuse("a whole number");
  }

  asNumber(): bigint {
    const text = this.#value;
    if (typeof text !== "string" || !/^0x[0-9a-f]{1,16}$/i.test(text))
      return this.#refuse('a string such as "0x1f"');
    return BigInt(text);
  }

  asBytes(): Uint8Array {
    const text = this.#value;
    if (typeof text !== "string" || !/^([0-9a-f]{2})*$/i.test(text)) {
      return this.#refuse("a string of hexadecimal digits, two for each byte");
    }
    return Uint8Array.from(Buffer.from(text, "hex"));
  }

  asOneOf<Word extends string>(words: readonly Word[]): Word {
    return words.find((word) => word === this.#value) ?? this.#refuse(`one of ${words.join(", ")}`);
  }

  asNumbers(): Record<string, bigint> {
    return Object.fromEntries(Object.keys(this.#record()).map((name) => [name, this.number(name)]));
  }

  #record(): object {
    if (typeof this.#value === "object" && this.#value !== null) return this.#value;
    return this.#refuse("an object");
  }

  #refuse(wanted: string): never {
    throw new CaseFileError(`${this.#path === "" ? "the file" : `"${this.#path}"`} is not ${wanted}`);
  }
}

const pieceFromJson = (r: Reader): Piece => ({ at: r.number("at"), bytes: r.get("bytes").asBytes() });
const piecesFromJson = (r: Reader) => r.asList().map(pieceFromJson);

const stateFromJson = (r: Reader): State => ({
  ...r.optional("pc", (v) => v.asNumber()),
  ...r.optional("mode", (v) => v.asOneOf<PrivilegeMode>(["M", "S", "U"])),
  ...r.optional("waiting", (v) => v.asBoolean()),
  ...r.optional("x", (v) => v.asNumbers()),
  ...r.optional("f", (v) => v.asNumbers()),
  ...r.optional("csrs", (v) => v.asNumbers()),
});

const expectationFromJson = (r: Reader): Expectation => ({
  ...stateFromJson(r),
  pc: r.number("pc"),
  ...r.optional("memory", piecesFromJson),
  ...r.optional("trap", (v) => ({
    mode: v.get("mode").asOneOf<"M" | "S">(["M", "S"]),
    cause: v.number("cause"),
    pc: v.number("pc"),
    value: v.number("value"),
  })),
  ...r.optional("tlbMisses", (v) => v.asNumber()),
});

const stepFromJson = (r: Reader): Step => ({
  ...r.optional("hart", (v) => v.asCount()),
  slots: r.get("slots").asCount(),
  ...r.optional("lines", (v) => v.asNumber()),
  ...r.optional("set", stateFromJson),
  ...r.optional("stores", piecesFromJson),
  after: expectationFromJson(r.get("after")),
});

const caseFromJson = (r: Reader): Case => ({
  name: r.text("name"),
  because: r.text("because"),
  before: stateFromJson(r.get("before")),
  ...r.optional("otherHarts", (v) => v.asList().map(stateFromJson)),
  memory: piecesFromJson(r.get("memory")),
  steps: r.list("steps").map(stepFromJson),
});
