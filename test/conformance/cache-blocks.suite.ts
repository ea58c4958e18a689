import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { Case, State, Suite } from "../../tools/conformance/case.ts";
import { number, word } from "./support/assemble.ts";
import { instructionTest } from "./support/instruction-test.ts";
import { DATA, HANDLER, illegal, trapped, trial } from "./support/trial.ts";
import { hex, NEGATIVE_SAMPLE, SAMPLE } from "./support/values.ts";

const BLOCK = 64n;
const STORE_ACCESS_FAULT = 7n;
const END = 0x8001_0000n;

/** Bits of menvcfg and senvcfg that let an operation execute below M-mode, and their legal values. */
interface Operation {
  readonly name: string;
  readonly low: bigint;
  readonly width: bigint;
  readonly values: readonly bigint[];
  readonly zeroes: boolean;
}

const CBIE = { low: 4n, width: 2n, values: [0n, 1n, 3n], zeroes: false };
const CBCFE = { low: 6n, width: 1n, values: [0n, 1n], zeroes: false };
const CBZE = { low: 7n, width: 1n, values: [0n, 1n], zeroes: true };
const operations: readonly Operation[] = [
  { name: "cbo.inval", ...CBIE },
  { name: "cbo.clean", ...CBCFE },
  { name: "cbo.flush", ...CBCFE },
  { name: "cbo.zero", ...CBZE },
];

/** A block with one on each side, no two bytes in a row of which are alike. */
const surroundings = (block: bigint, zeroed: boolean) => [
  ...[-2n, -1n, 8n, 9n].map((i) => number(block + 8n * i, 8, SAMPLE)),
  ...Array.from({ length: 8 }, (_, i) =>
    number(block + BigInt(8 * i), 8, zeroed ? 0n : NEGATIVE_SAMPLE + BigInt(i)),
  ),
];

function* operationCases({ name, low, width, values, zeroes }: Operation): Generator<Case> {
  const effect = zeroes
    ? "CMO, Cache-Block Zero: every byte of the block around rs1 becomes zero, and no other"
    : "CMO, Cache-Block Management: without caches memory stays as it is";
  const executes = (text: string, at: bigint, rs1: number, before: State = {}) => {
    const block = at & ~(BLOCK - 1n);
    return trial({
      name: text,
      because: effect,
      code: [word(name, { rs1 })],
      before: { ...before, x: { [rs1]: at } },
      memory: surroundings(block, false),
      after: { memory: surroundings(block, zeroes) },
    });
  };
  for (const offset of [0n, 1n, 31n, 32n, 63n, 64n, 127n, 0x7c0n, 0x7ffn, 0x800n]) {
    yield executes(`x6 = ${hex(DATA + offset)}`, DATA + offset, 6);
  }
  for (let rs1 = 1; rs1 < 32; rs1++) yield executes(`x${rs1}`, DATA, rs1);
  for (const at of [0n, END, END + 63n, 0x7fff_ffffn, 0x1_8000_8800n]) {
    yield trial({
      name: `no memory at ${hex(at)}`,
      because: "CMO, Access Faults: as a store's, and mtval is the address in rs1",
      code: [word(name, { rs1: 6 })],
      before: { x: { 6: at }, csrs: { mtvec: HANDLER } },
      after: trapped({ cause: STORE_ACCESS_FAULT, value: at }),
    });
  }
  // The fields of other operations are open, and must not matter.
  const others = 0xf0n & ~(((1n << width) - 1n) << low);
  for (const mode of ["M", "S", "U"] satisfies PrivilegeMode[]) {
    for (const machine of values) {
      for (const supervisor of values) {
        const csrs = {
          menvcfg: (machine << low) | others,
          senvcfg: (supervisor << low) | others,
        };
        const open = mode === "M" || (machine !== 0n && (mode === "S" || supervisor !== 0n));
        const text = `in ${mode}, menvcfg ${hex(csrs.menvcfg)}, senvcfg ${hex(csrs.senvcfg)}`;
        const before: State = { mode, csrs };
        yield open
          ? executes(text, DATA + 9n, 6, before)
          : illegal(
              text,
              "CMO, Control and Status Register Support: below M-mode illegal where menvcfg says so, in U-mode also where senvcfg does",
              word(name, { rs1: 6 }),
              { ...before, x: { 6: DATA } },
            );
      }
    }
  }
}

function* prefetchCases(name: string): Generator<Case> {
  for (const offset of [0, 32, 64, 1024, 2016, -32, -2048]) {
    for (const at of [DATA, 0n, END, 0xffff_ffff_ffff_ffffn, 0x0123_4567_89ab_cdefn]) {
      for (const mode of ["M", "U"] satisfies PrivilegeMode[]) {
        yield trial({
          name: `${offset}(x6 = ${hex(at)}) in ${mode}`,
          because: "CMO, Prefetch instructions: a hint, which raises no exception and changes nothing",
          code: [word(name, { rs1: 6, immediate: offset })],
          before: { mode, x: { 6: at } },
          memory: [number(DATA, 8, SAMPLE)],
          after: { memory: [number(DATA, 8, SAMPLE)] },
        });
      }
    }
  }
}

export const suite: Suite = {
  about: "Cache-block instructions (Zicbom, Zicboz, Zicbop)",
  tests: [
    ...operations.map((operation) => instructionTest(operation.name, () => operationCases(operation))),
    ...["prefetch.i", "prefetch.r", "prefetch.w"].map((name) =>
      instructionTest(name, () => prefetchCases(name)),
    ),
  ],
};
