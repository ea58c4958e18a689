/** Tests of instructions that compute a register from registers and an immediate, and do nothing else. */
import { describe, expect, test } from "vitest";
import type { InstructionBench } from "./bench.ts";
import { CODE } from "./bench.ts";
import { engines } from "./engines.ts";
import { instructionNamed } from "./sample.ts";
import type { Oracle } from "./values.ts";
import { edgeValues, hex, signed, unsigned } from "./values.ts";

const RD = 5;
const RS1 = 6;
const RS2 = 7;

/** Checks one execution: the result, that nothing else has changed, and where the hart continues. */
function check(
  bench: InstructionBench,
  name: string,
  a: bigint,
  b: bigint,
  immediate: number,
  expected: bigint,
): void {
  const { encoding } = instructionNamed(name);
  const x = { [RS1]: a, [RS2]: b };
  const after = bench.execute(name, { rd: RD, rs1: RS1, rs2: RS2, immediate }, { x });
  const what = `${name} ${hex(a)} ${hex(b)} ${immediate}`;
  expect(after.trap, what).toBeUndefined();
  expect(hex(after.x[RD] ?? 0n), what).toBe(hex(expected));
  expect(after.pc, what).toBe(CODE + BigInt(encoding.length));
  const others = after.x.filter((value, n) => value !== ((x as Record<number, bigint>)[n] ?? 0n) && n !== RD);
  expect(others, what).toEqual([]);
}

/** Operands may be one register, and x0 stays 0. */
function checkAliases(bench: InstructionBench, name: string, oracle: Oracle, immediate: number): void {
  const value = 0x8000_0000_0000_0003n;
  const same = bench.execute(name, { rd: RS1, rs1: RS1, rs2: RS1, immediate }, { x: { [RS1]: value } });
  const usesRs2 = instructionNamed(name).assembly.includes("rs2");
  const b = usesRs2 ? value : BigInt(immediate);
  expect(hex(same.x[RS1] ?? 0n), `${name} on one register`).toBe(hex(oracle(value, unsigned(b))));
  const dropped = bench.execute(name, { rd: 0, rs1: RS1, rs2: RS1, immediate }, { x: { [RS1]: value } });
  expect(dropped.x[0], `${name} to x0`).toBe(0n);
  const zero = bench.execute(name, { rd: RD, rs1: 0, rs2: 0, immediate });
  const zeroB = usesRs2 ? 0n : BigInt(immediate);
  expect(hex(zero.x[RD] ?? 0n), `${name} of x0`).toBe(hex(oracle(0n, unsigned(zeroB))));
}

type Oracles = Readonly<Record<string, Oracle>>;

/** Instructions "rd, rs1, rs2", each with every pair of edge values. */
export function testRegisterOperations(oracles: Oracles): void {
  testEach("rd, rs1, rs2", oracles, (bench, name, oracle) => {
    for (const a of edgeValues) {
      for (const b of edgeValues) check(bench, name, a, b, 0, oracle(a, b));
    }
    checkAliases(bench, name, oracle, 0);
  });
}

/** Instructions "rd, rs1, imm", each edge value with each of the immediates. */
export function testImmediateOperations(immediates: readonly number[], oracles: Oracles): void {
  testEach("rd, rs1, imm", oracles, (bench, name, oracle) => {
    for (const a of edgeValues) {
      for (const i of immediates) check(bench, name, a, 0n, i, oracle(a, unsigned(BigInt(i))));
    }
    checkAliases(bench, name, oracle, immediates[1] ?? 0);
  });
}

/** Instructions "rd, rs1", each with every edge value. */
export function testUnaryOperations(oracles: Readonly<Record<string, (a: bigint) => bigint>>): void {
  testEach("rd, rs1", oracles, (bench, name, oracle) => {
    for (const a of edgeValues) check(bench, name, a, 0n, 0, oracle(a, 0n));
    checkAliases(bench, name, oracle, 0);
  });
}

function testEach(
  form: string,
  oracles: Oracles,
  body: (bench: InstructionBench, name: string, oracle: Oracle) => void,
) {
  describe.each(engines)(`${form} on the $engine engine`, ({ bench }) => {
    test.each(Object.entries(oracles))("%s", (name, oracle) => {
      expect(instructionNamed(name).assembly).toBe(form);
      body(bench, name, oracle);
    });
  });
}

/** One known result: [name, rs1, rs2 or immediate, rd], for values written out in a manual. */
export type Known = readonly [name: string, a: bigint, b: bigint, result: bigint];

/** Instructions with operands and results written out by hand. */
export function testKnownResults(known: readonly Known[]): void {
  describe.each(engines)("known results on the $engine engine", ({ bench }) => {
    test.each(known.map(([name, a, b, result]) => ({ name, a: hex(a), b: hex(b), result: hex(result) })))(
      "$name $a $b = $result",
      ({ name, a, b, result }) => {
        const immediate = instructionNamed(name).encoding.immediateBits === 0 ? 0 : Number(signed(BigInt(b)));
        check(bench, name, BigInt(a), BigInt(b), immediate, BigInt(result));
      },
    );
  });
}
