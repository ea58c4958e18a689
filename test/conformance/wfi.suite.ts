import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { Case, Suite } from "../../tools/conformance/case.ts";
import { interrupt, interruptTaken, resumes } from "./oracle/interrupt.ts";
import type { Status } from "./oracle/status.ts";
import { statusName } from "./oracle/status.ts";
import { exception } from "./oracle/trap.ts";
import { code, word } from "./support/assemble.ts";
import type { Situation } from "./support/situation.ts";
import {
  before,
  interrupted,
  MACHINE_VECTOR,
  RAM,
  SUPERVISOR_VECTOR,
  trapped,
  went,
} from "./support/situation.ts";

const MODES: readonly PrivilegeMode[] = ["U", "S", "M"];
const ALL = Object.values(interrupt);
const SOFTWARE = 0x222n;
const LINES = 0xa88n;
const WFI = word("wfi");
const COUNTING = word("addi", { rd: 10, rs1: 10, immediate: 1 });
const bit = (code: number) => 1n << BigInt(code);

const handlers = () => [
  code(MACHINE_VECTOR, [word("addi"), word("addi")]),
  code(SUPERVISOR_VECTOR, [word("addi"), word("addi")]),
];

/** Where it may execute at all. */
function* permissionCases(): Iterable<Case> {
  for (const mode of MODES) {
    for (const TW of [0, 1]) {
      const s: Situation = { mode, status: { TW, TVM: 1 - TW, TSR: 1 - TW } };
      const legal = mode === "M" || (mode === "S" && TW === 0);
      yield {
        name: `in ${mode}, TW=${TW}`,
        because: "privileged 3.1.6.5, 3.3.3: with TW illegal below M-mode, here at once; in U-mode always",
        before: before(s),
        memory: [code(RAM, [WFI])],
        steps: [
          {
            slots: 1,
            after: legal
              ? went(s, 4n, { waiting: true })
              : trapped(s, exception.illegalInstruction, BigInt(WFI)),
          },
        ],
      };
    }
  }
}

const enables: readonly Status[] = [{}, { MIE: 1 }, { SIE: 1 }, { MIE: 1, SIE: 1 }];

/** Each interrupt by each enable: whether wfi waits, and what happens when it does not. */
function* pendingCases(mode: "S" | "M"): Iterable<Case> {
  const because =
    "privileged 3.3.3: wfi goes on when an interrupt that mie enables is pending, whether or not it would be taken";
  for (const cause of ALL) {
    for (const mie of [0n, bit(cause), 0xaaan & ~bit(cause)]) {
      for (const status of enables) {
        for (const mideleg of [0n, SOFTWARE]) {
          const pending = bit(cause);
          const csrs = { menvcfg: 0n, mie, mip: pending & SOFTWARE };
          const s: Situation = { mode, status, mideleg, csrs };
          const taken = interruptTaken({ mode, status, mideleg, mie, pending });
          const about = `${cause}, mie 0x${mie.toString(16)}, ${statusName(status)} mideleg 0x${mideleg.toString(16)}`;
          const memory = [code(RAM, [WFI, COUNTING]), ...handlers()];
          const lines = cause === interrupt.SEI ? 0n : pending & LINES;
          const waits = !resumes(mie, pending);
          const after = taken !== undefined ? interrupted(s, taken) : went(s, 4n, { waiting: waits });
          yield {
            name: `pending before: ${about}`,
            because,
            before: before(s),
            memory,
            steps: [
              { slots: 1, lines, after },
              // Asleep it stays, however many slots pass.
              ...(waits ? [{ slots: 100, after: went(s, 4n, { waiting: true }) }] : []),
            ],
          };
          if (taken !== undefined || (cause !== interrupt.SEI && (pending & SOFTWARE) !== 0n)) continue;
          // What is not pending at first comes while the hart sleeps.
          const asleep: Situation = { ...s, csrs: { ...csrs, mip: 0n } };
          yield {
            name: `pending later: ${about}`,
            because,
            before: before(asleep),
            memory,
            steps: [
              { slots: 1, after: went(asleep, 4n, { waiting: true }) },
              { slots: 5, after: went(asleep, 4n, { waiting: true }) },
              {
                slots: 1,
                lines: pending,
                after: waits
                  ? went(asleep, 4n, { waiting: true })
                  : went(asleep, 8n, { waiting: false, x: { 10: 1n } }),
              },
            ],
          };
        }
      }
    }
  }
}

/** Woken by an interrupt that is taken: epc is what follows the wfi. */
function* wakingCases(): Iterable<Case> {
  for (const cause of [interrupt.MSI, interrupt.MTI, interrupt.SEI, interrupt.MEI]) {
    for (const mode of ["S", "M"] as const) {
      for (const mideleg of [0n, SOFTWARE]) {
        const status: Status = { MIE: 1, SIE: 1 };
        const s: Situation = { mode, status, mideleg, csrs: { mie: bit(cause) } };
        const taken = interruptTaken({ mode, status, mideleg, mie: bit(cause), pending: bit(cause) });
        const after = RAM + 4n;
        yield {
          name: `${cause} in ${mode}, mideleg 0x${mideleg.toString(16)}`,
          because: "privileged 3.3.3: the trap is taken on the instruction after wfi, so epc = pc + 4",
          before: before(s),
          memory: [code(RAM, [WFI, COUNTING]), ...handlers()],
          steps: [
            { slots: 1, after: went(s, 4n, { waiting: true }) },
            {
              slots: 1,
              lines: bit(cause),
              after:
                taken === undefined
                  ? went(s, 8n, { waiting: false, x: { 10: 1n } })
                  : { ...interrupted({ ...s, pc: after }, taken), waiting: false },
            },
          ],
        };
      }
    }
  }
  const software: Situation = { mode: "M", csrs: { mie: 0n } };
  yield {
    name: "an enable set while asleep wakes",
    because: "privileged 3.3.3: what counts is mie and mip together",
    before: before(software),
    memory: [code(RAM, [WFI, COUNTING])],
    steps: [
      { slots: 1, lines: bit(interrupt.MSI), after: went(software, 4n, { waiting: true }) },
      {
        slots: 1,
        set: { csrs: { mie: bit(interrupt.MSI) } },
        after: went(software, 8n, { waiting: false, x: { 10: 1n } }),
      },
    ],
  };
}

export const suite: Suite = {
  about: "wfi: who may, when it waits, what wakes it, and where it goes on",
  tests: [
    { name: "permission", cases: permissionCases },
    { name: "pending in S-mode", cases: () => pendingCases("S") },
    { name: "pending in M-mode", cases: () => pendingCases("M") },
    { name: "waking", cases: wakingCases },
  ],
};
