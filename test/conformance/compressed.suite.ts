import type { Case, Suite, Test } from "../../tools/conformance/case.ts";
import { branches } from "./oracle/branches.ts";
import type { Expanded } from "./oracle/compressed.ts";
import { expand } from "./oracle/compressed.ts";
import { computationOf } from "./oracle/integer.ts";
import { accesses } from "./oracle/memory.ts";
import { number } from "./support/assemble.ts";
import { instructionTest } from "./support/instruction-test.ts";
import { CODE, DATA, FS, HANDLER, illegal, MSTATUS, trapped, trial } from "./support/trial.ts";
import { hex, NEGATIVE_SAMPLE, SAMPLE, unsigned } from "./support/values.ts";

/** Every halfword that is no half of a longer instruction. */
const halfwords = Array.from({ length: 0x10000 }, (_, half) => half).filter((half) => (half & 3) !== 3);

/** What rs1 and rs2 hold by turns: both signs, upper and lower halves unlike, equal, zero. */
const operands: readonly (readonly [bigint, bigint])[] = [
  [SAMPLE, NEGATIVE_SAMPLE],
  [NEGATIVE_SAMPLE, SAMPLE],
  [0x8000_0000_7fff_fffen, 0x0000_0001_8000_0003n],
  [0n, 5n],
];

const BREAKPOINT = 3n;

/** What a halfword does, as the instruction that it stands for does it, two bytes long. */
function executed(half: number, stands: Expanded, turn: number): Case {
  const { name, base } = stands;
  const shown = `${half.toString(16).padStart(4, "0")} (${base} x${stands.rd}, x${stands.rs1}, x${stands.rs2}, ${stands.immediate})`;
  const because = `${name.startsWith("c.") && stands.extension ? "Zcb" : "C"}, ${name} stands for ${base}`;
  const [first = 0n, second = 0n] = operands[turn % operands.length] ?? [];
  const parts = { name: `${shown} ${turn}`, because, code: [half] };
  const access = accesses.get(base);
  if (access !== undefined) return accessing(parts, stands, access, second);
  const { rd, rs1, rs2, immediate } = stands;
  const x = { [rs2]: second, [rs1]: first, 0: 0n };
  const read = (n: number) => (n === 0 ? 0n : n === rs1 ? first : second);
  const result = (value: bigint) => (rd === 0 ? {} : { [rd]: unsigned(value) });
  const end = CODE + 2n;
  switch (base) {
    case "ebreak":
      return trial({
        ...parts,
        before: { csrs: { mtvec: HANDLER } },
        after: trapped({ cause: BREAKPOINT, value: CODE }),
      });
    case "lui":
      return trial({ ...parts, before: { x }, after: { x: result(BigInt(immediate)) } });
    case "jal":
      return trial({ ...parts, before: { x }, after: { pc: unsigned(CODE + BigInt(immediate)) } });
    case "jalr":
      return trial({ ...parts, before: { x }, after: { x: result(end), pc: read(rs1) & ~1n } });
  }
  const branch = branches.get(base);
  if (branch !== undefined) {
    const taken = branch.taken(read(rs1), 0n);
    return trial({
      ...parts,
      before: { x },
      after: { pc: taken ? unsigned(CODE + BigInt(immediate)) : end },
    });
  }
  const { value } = computationOf(base);
  const hasRs2 = rs2 !== 0 || base === "add.uw";
  return trial({
    ...parts,
    before: { x },
    after: { x: result(value(read(rs1), hasRs2 ? read(rs2) : unsigned(immediate))) },
  });
}

type Parts = Pick<Parameters<typeof trial>[0], "name" | "because" | "code">;
type Access = NonNullable<ReturnType<(typeof accesses)["get"]>>;

function accessing(parts: Parts, { rd, rs1, rs2, immediate }: Expanded, access: Access, value: bigint): Case {
  const { kind, bytes, file, loaded } = access;
  const at = DATA + BigInt(immediate);
  const mask = (1n << BigInt(8 * bytes)) - 1n;
  const memory = (middle: bigint) => [
    number(at - 8n, 8, 0xf1e2_d3c4_b5a6_9788n),
    number(at, bytes, middle & mask),
    number(at + BigInt(bytes), 8, 0x8796_a5b4_c3d2_e1f0n),
  ];
  if (kind === "load") {
    return trial({
      ...parts,
      before: { x: { [rs1]: DATA } },
      memory: memory(value),
      after: {
        [file]: { [rd]: loaded(value & mask) },
        memory: memory(value),
        ...(file === "f" ? { csrs: { mstatus: MSTATUS | FS.dirty } } : {}),
      },
    });
  }
  const stored = file === "x" && rs2 === 0 ? 0n : file === "x" && rs2 === rs1 ? DATA : value;
  return trial({
    ...parts,
    before: file === "x" ? { x: { [rs2]: value, [rs1]: DATA } } : { x: { [rs1]: DATA }, f: { [rs2]: value } },
    memory: memory(~stored),
    after: { memory: memory(stored) },
  });
}

/** Of many encodings, those with every value of every field while the others are at edges: about one in three. */
function chosen(half: number): boolean {
  const upper = (half >> 7) & 31;
  const lower = (half >> 2) & 31;
  const bit = (half >> 12) & 1;
  const edges = [0, 2, 21, 31];
  return edges.includes(upper) || edges.includes(lower) || (upper * 7 + lower * 3 + bit) % 13 === 0;
}

function byName(): ReadonlyMap<string, readonly (readonly [number, Expanded])[]> {
  const found = new Map<string, [number, Expanded][]>();
  for (const half of halfwords) {
    const stands = expand(half);
    if (stands === undefined) continue;
    const known = found.get(stands.name) ?? [];
    found.set(stands.name, known);
    known.push([half, stands]);
  }
  return found;
}

/** Few encodings are tried with all operands, of many each with one of them. */
const FEW = 100;

function* casesOf(encodings: readonly (readonly [number, Expanded])[]): Generator<Case> {
  const isFew = encodings.length < FEW;
  for (const [index, [half, stands]] of encodings.entries()) {
    if (isFew) for (const turn of operands.keys()) yield executed(half, stands, turn);
    else if (chosen(half)) yield executed(half, stands, index % operands.length);
  }
}

const RESERVED =
  "C, RVC Instruction Set Listings: reserved; on this machine every reserved encoding is illegal";

const reserved: Test = instructionTest("reserved", function* () {
  for (const half of halfwords) {
    if (expand(half) === undefined && (chosen(half) || half % 7 === 0))
      yield illegal(hex(BigInt(half)), RESERVED, half);
  }
});

/** Without Zcb its encodings are reserved. */
const withoutZcb: Test = {
  name: "without zcb",
  cpu: "rv64gc",
  *cases() {
    for (const half of halfwords) {
      const stands = expand(half);
      if (stands?.extension === "zcb" && half % 3 === 0)
        yield illegal(`${stands.name} ${hex(BigInt(half))}`, RESERVED, half);
    }
  },
};

export const suite: Suite = {
  about: "Compressed instructions (C, Zcb): what each encoding stands for, HINTs, and reserved encodings",
  tests: [
    ...[...byName()].map(([name, encodings]) => instructionTest(name, () => casesOf(encodings))),
    reserved,
    withoutZcb,
  ],
};
