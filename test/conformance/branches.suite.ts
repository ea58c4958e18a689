import type { Case, Suite } from "../../tools/conformance/case.ts";
import { branches } from "./oracle/branches.ts";
import { word } from "./support/assemble.ts";
import { instructionTest } from "./support/instruction-test.ts";
import { CODE, trial } from "./support/trial.ts";
import {
  fewIntegers,
  hex,
  immediates,
  integers,
  NEGATIVE_SAMPLE,
  SAMPLE,
  unsigned,
} from "./support/values.ts";

/** Branches and jumps stand at every alignment that C allows. */
const PLACES = [CODE, CODE + 2n];

const evenOffsets = (bits: number) => immediates(bits).filter((offset) => offset % 2 === 0);

function* branchCases(name: string): Generator<Case> {
  const branch = branches.get(name);
  if (branch === undefined) throw new Error(`no branch is named "${name}"`);
  const one = (a: bigint, b: bigint, offset: number, { rs1 = 6, rs2 = 7, pc = CODE } = {}) => {
    const taken = branch.taken(a, b);
    return trial({
      name: `x${rs1} = ${hex(a)}, x${rs2} = ${hex(b)}, ${offset} from ${hex(pc)}`,
      because: branch.because,
      code: [word(name, { rs1, rs2, immediate: offset })],
      before: { pc, x: { [rs2]: b, [rs1]: a } },
      after: { pc: unsigned(pc + (taken ? BigInt(offset) : 4n)) },
    });
  };
  let n = 0;
  for (const a of integers) for (const b of integers) yield one(a, b, n++ % 2 === 0 ? 0x5a6 : -0x2d8);
  const [a, b] = [SAMPLE, NEGATIVE_SAMPLE];
  for (const [first, second] of [
    [a, b],
    [b, a],
    [a, a],
  ] as const) {
    for (const pc of PLACES)
      for (const offset of evenOffsets(13)) yield one(first, second, offset, { pc, rs1: 8 });
    for (let r = 1; r < 31; r++) yield one(first, second, 32, { rs1: r, rs2: r + 1 });
  }
  for (const value of fewIntegers) {
    yield one(value, value, 64, { rs1: 9, rs2: 9 });
    yield one(value, 0n, 64, { rs1: 9, rs2: 0 });
    yield one(0n, value, 64, { rs1: 0, rs2: 9 });
  }
  yield one(0n, 0n, 64, { rs1: 0, rs2: 0 });
}

function* jalCases(): Generator<Case> {
  const because =
    "RV32I, Unconditional Jumps: to the jump's address + offset; rd holds the address after the jump";
  const one = (rd: number, offset: number, pc: bigint) =>
    trial({
      name: `x${rd}, ${offset} from ${hex(pc)}`,
      because,
      code: [word("jal", { rd, immediate: offset })],
      before: { pc },
      after: { pc: unsigned(pc + BigInt(offset)), x: rd === 0 ? {} : { [rd]: pc + 4n } },
    });
  for (const pc of PLACES) for (const offset of evenOffsets(21)) yield one(1, offset, pc);
  for (let rd = 0; rd < 32; rd++) if (rd !== 1) yield one(rd, 0x1234 + 2 * rd, CODE);
}

function* jalrCases(): Generator<Case> {
  const because =
    "RV32I, Unconditional Jumps: to rs1 + offset with the lowest bit cleared; rd holds the address after the jump";
  const one = (a: bigint, offset: number, { rd = 1, rs1 = 9, pc = CODE } = {}) =>
    trial({
      name: `x${rd}, ${offset}(x${rs1} = ${hex(a)}) from ${hex(pc)}`,
      because,
      code: [word("jalr", { rd, rs1, immediate: offset })],
      before: { pc, x: { [rs1]: a } },
      after: { pc: unsigned((a + BigInt(offset)) & ~1n), x: rd === 0 ? {} : { [rd]: pc + 4n } },
    });
  const targets = [...integers, 0x8000_2000n, 0x8000_2001n, 0x8000_2002n, 0x8000_2003n];
  for (const a of targets) for (const offset of [0, 1, -1, 2, 3, -2048, 2047]) yield one(a, offset);
  for (const pc of PLACES)
    for (const offset of immediates(12)) yield one(0x8000_4321n, offset, { pc, rs1: 10 });
  for (let r = 1; r < 32; r++) yield one(0x8000_3000n, 8, { rd: 32 - r, rs1: r });
  for (let r = 1; r < 32; r++) yield one(0x8000_3000n, -8, { rd: r, rs1: r });
  yield one(0x8000_3000n, 16, { rd: 0, rs1: 1 });
  yield one(0n, -16, { rd: 5, rs1: 0 });
}

function* upperCases(name: "lui" | "auipc"): Generator<Case> {
  const because =
    name === "lui"
      ? "RV64I, Integer Register-Immediate Instructions: the 32-bit immediate, low 12 bits zero, sign-extended"
      : "RV64I, Integer Register-Immediate Instructions: the address of the auipc + the sign-extended immediate";
  const one = (rd: number, upper: number, pc: bigint) => {
    const immediate = upper << 12;
    return trial({
      name: `x${rd}, ${hex(BigInt(upper & 0xf_ffff))} at ${hex(pc)}`,
      because,
      code: [word(name, { rd, immediate })],
      before: { pc, x: { [rd]: rd === 0 ? 0n : 0x1234_5678_9abc_def0n } },
      after: { x: rd === 0 ? {} : { [rd]: unsigned(BigInt(immediate) + (name === "auipc" ? pc : 0n)) } },
    });
  };
  for (const pc of PLACES) for (const upper of immediates(20)) yield one(5, upper, pc);
  for (let rd = 0; rd < 32; rd++) if (rd !== 5) yield one(rd, 0x7_1234 + rd, CODE);
}

export const suite: Suite = {
  about: "Branches, jumps, and addresses relative to the pc",
  tests: [
    ...[...branches.keys()].map((name) => instructionTest(name, () => branchCases(name))),
    instructionTest("jal", jalCases),
    instructionTest("jalr", jalrCases),
    instructionTest("lui", () => upperCases("lui")),
    instructionTest("auipc", () => upperCases("auipc")),
  ],
};
