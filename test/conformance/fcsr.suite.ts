import type { Case, Suite } from "../../tools/conformance/case.ts";
import { word } from "./support/assemble.ts";
import { instructionTest } from "./support/instruction-test.ts";
import { FS, illegal, MSTATUS, trial } from "./support/trial.ts";
import { hex } from "./support/values.ts";

/** The parts of fcsr: fflags is bits 4 to 0, frm bits 7 to 5 (F, Floating-Point Control and Status Register). */
const views = [
  { name: "fflags", number: 1, low: 0n, width: 5n },
  { name: "frm", number: 2, low: 5n, width: 3n },
  { name: "fcsr", number: 3, low: 0n, width: 8n },
] as const;

/** What an instruction writes over the old value. */
const forms = {
  csrrw: (_old: bigint, source: bigint) => source,
  csrrs: (old: bigint, source: bigint) => old | source,
  csrrc: (old: bigint, source: bigint) => old & ~source,
} as const;
type Form = keyof typeof forms;

const sources = [0n, 1n, 0x15n, 0x1fn, 0x5an, 0xa5n, 0xe0n, 0xffn, 0x0123_4567_89ab_cdefn, (1n << 64n) - 1n];
const olds = [0x00n, 0xffn, 0x5an, 0xa5n, 0x71n];

function* cases(form: Form, isImmediate: boolean): Generator<Case> {
  const name = isImmediate ? `${form}i` : form;
  const instruction = (csr: number, rd: number, source: number) =>
    word(name, { rd, immediate: csr, ...(isImmediate ? { zimm: source } : { rs1: source }) });
  for (const view of views) {
    const mask = (1n << view.width) - 1n;
    const one = (old: bigint, source: bigint, fs: bigint, rd: number, rs1: number) => {
      const before = (old >> view.low) & mask;
      const writes = form === "csrrw" || (isImmediate ? source !== 0n : rs1 !== 0);
      const value = writes ? forms[form](before, source) & mask : before;
      return trial({
        name: `${view.name}, x${rd}, ${isImmediate ? source : `x${rs1} = ${hex(source)}`}, fcsr ${hex(old)}, FS ${(fs >> 13n) & 3n}`,
        because:
          "F, Floating-Point Control and Status Register: fflags and frm are parts of fcsr, whose upper bits are zero; Zicsr: set and clear of x0 or 0 write nothing",
        code: [instruction(view.number, rd, isImmediate ? Number(source) : rs1)],
        before: {
          x: isImmediate || rs1 === 0 ? {} : { [rs1]: source },
          csrs: { fcsr: old, mstatus: MSTATUS | fs },
        },
        after: {
          x: rd === 0 ? {} : { [rd]: before },
          csrs: {
            fcsr: (old & ~(mask << view.low)) | (value << view.low),
            mstatus: MSTATUS | (writes ? FS.dirty : fs),
          },
        },
      });
    };
    const given = isImmediate ? Array.from({ length: 32 }, (_, i) => BigInt(i)) : sources;
    for (const old of olds) for (const source of given) yield one(old, source, FS.clean, 5, 6);
    for (const old of olds) {
      yield one(old, isImmediate ? 21n : 0xa5n, FS.dirty, 0, 6);
      yield one(old, isImmediate ? 10n : 0x5an, FS.initial, 6, 6);
      yield one(old, 0n, FS.initial, 5, 0);
      yield one(old, 0n, FS.initial, 0, 0);
    }
    for (const rs1 of [0, 6]) {
      yield illegal(
        `${view.name}, FS off, source ${rs1}`,
        "Privileged, Extension Context Status: with FS off every access to floating-point CSRs is illegal",
        instruction(view.number, 5, rs1),
        { x: { 6: 1n }, csrs: { fcsr: 0xa5n, mstatus: MSTATUS | FS.off } },
      );
    }
  }
}

export const suite: Suite = {
  about: "The floating-point control and status register, whole and in parts",
  tests: (["csrrw", "csrrs", "csrrc"] as const).flatMap((form) => [
    instructionTest(form, () => cases(form, false)),
    instructionTest(`${form}i`, () => cases(form, true)),
  ]),
};
