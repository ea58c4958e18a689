import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { Case, Suite } from "../../tools/conformance/case.ts";
import { encodings } from "./oracle/encodings.ts";
import { word } from "./support/assemble.ts";
import { instructionTest } from "./support/instruction-test.ts";
import { CODE, HANDLER, MSTATUS, trapped, trial } from "./support/trial.ts";
import { hex, integers, sequence } from "./support/values.ts";

const modes: readonly PrivilegeMode[] = ["M", "S", "U"];
const BREAKPOINT = 3n;
const ENVIRONMENT_CALL: Readonly<Record<PrivilegeMode, bigint>> = { U: 8n, S: 9n, M: 11n };
/** Interrupts enabled and not in M-mode, from M-mode and from U-mode: mstatus.MIE and MPIE as they may be. */
const statuses = [MSTATUS, MSTATUS | (1n << 3n), MSTATUS | (1n << 7n), MSTATUS | (3n << 11n) | (1n << 3n)];

function* trapping(name: "ecall" | "ebreak"): Generator<Case> {
  for (const from of modes) {
    for (const mstatus of statuses) {
      for (const pc of [CODE, CODE + 2n]) {
        // A pending interrupt would come first, so none is enabled in mie.
        const [cause, value, says] =
          name === "ecall"
            ? ([ENVIRONMENT_CALL[from], 0n, "the cause is the mode's, mtval 0"] as const)
            : ([BREAKPOINT, pc, "mtval is the breakpoint's address"] as const);
        yield trial({
          name: `from ${from} at ${hex(pc)}, mstatus ${hex(mstatus)}`,
          because: `Privileged, Environment Call and Breakpoint: ${says}; mepc is the instruction's own address`,
          code: [word(name)],
          before: { pc, mode: from, csrs: { mtvec: HANDLER, mstatus } },
          after: trapped({ cause, value, pc, from, mstatus }),
        });
      }
    }
  }
}

/** Registers and memory are as they were, and the next instruction follows: whatever the unused fields say. */
function* nothing(name: string, because: string): Generator<Case> {
  const { mask = 0, match = 0 } = encodings.get(name) ?? {};
  const free = [
    0,
    -1,
    0x0ff0_0000,
    0x8330_0000,
    0x0100_0000,
    ...sequence(3n, 20).map((v) => Number(v & 0xffff_ffffn)),
  ];
  const words = new Set(free.map((bits) => ((bits & ~mask) | match) >>> 0));
  for (const encoded of words) {
    for (const mode of modes) {
      yield trial({
        name: `${hex(BigInt(encoded))} in ${mode}`,
        because,
        code: [encoded],
        before: { mode, x: Object.fromEntries(integers.slice(0, 25).map((v, i) => [i + 1, v])) },
      });
    }
  }
}

export const suite: Suite = {
  about: "Environment calls, breakpoints, fences and hints",
  tests: [
    instructionTest("ecall", () => trapping("ecall")),
    instructionTest("ebreak", () => trapping("ebreak")),
    instructionTest("fence", () =>
      nothing(
        "fence",
        "RV32I, Memory Ordering Instructions: orders memory and changes nothing; unused fields are ignored",
      ),
    ),
    instructionTest("fence.i", () =>
      nothing("fence.i", "Zifencei: orders fetches and changes nothing; unused fields are ignored"),
    ),
    instructionTest("pause", () => nothing("pause", "Zihintpause: a hint, which changes nothing")),
  ],
};
