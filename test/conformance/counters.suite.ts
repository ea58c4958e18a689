import type { Case, Suite } from "../../tools/conformance/case.ts";
import { mstatus } from "./oracle/status.ts";
import { code, word } from "./support/assemble.ts";
import type { Situation } from "./support/situation.ts";
import { before, DATA, MACHINE_VECTOR, NOWHERE, RAM, trapped, went } from "./support/situation.ts";

const ONES = (1n << 64n) - 1n;
const [CYCLES, RETIRED, WRITTEN] = [10, 11, 12];
const NOP = word("addi");
const read = (rd: number, csr: number) => word("csrrs", { rd, immediate: csr });
const write = (csr: number, rs1: number) => word("csrrw", { rs1, immediate: csr });
const [MCYCLE, MINSTRET] = [0xb00, 0xb02];
const cut = (value: bigint) => BigInt.asUintN(64, value);

/** Values written are counted on from; the write itself is not counted (3.1.10). */
function* writeCases(): Iterable<Case> {
  const because = "privileged 3.1.10: a written value holds from the instruction after the write on";
  for (const [name, csr, shadow] of [
    ["mcycle", MCYCLE, 0xc00],
    ["minstret", MINSTRET, 0xc02],
  ] as const) {
    for (const value of [0n, 1n, 1000n, ONES - 2n, ONES, 1n << 63n]) {
      for (const between of [0, 1, 5]) {
        const s: Situation = { mode: "M", x: { [WRITTEN]: value } };
        const words = [
          write(csr, WRITTEN),
          ...Array.from({ length: between }, () => NOP),
          read(10, csr),
          read(13, shadow),
        ];
        yield {
          name: `${name} = 0x${value.toString(16)}, read after ${between} instructions`,
          because,
          before: before(s),
          memory: [code(RAM, words)],
          steps: [
            {
              slots: words.length,
              after: went(s, BigInt(4 * words.length), {
                x: { 10: cut(value + BigInt(between)), 13: cut(value + BigInt(between) + 1n) },
              }),
            },
          ],
        };
      }
    }
  }
}

/** What retires and what does not. */
function* retireCases(): Iterable<Case> {
  const because =
    "privileged 3.3.1: ecall and ebreak do not retire, nor does any instruction that traps; each takes a cycle, here";
  const s: Situation = { mode: "M", x: { [WRITTEN]: 0n, 14: NOWHERE, 15: DATA } };
  const start = [write(MCYCLE, WRITTEN), write(MINSTRET, WRITTEN)];
  const finish = [read(CYCLES, MCYCLE), read(RETIRED, MINSTRET)];
  for (const [name, bits, cause, value] of [
    ["ecall", word("ecall"), 11, 0n],
    ["ebreak", word("ebreak"), 3, RAM + 8n],
    ["an illegal instruction", 0xffff_ffff, 2, 0xffff_ffffn],
    ["a load from nowhere", word("ld", { rs1: 14 }), 5, NOWHERE],
  ] as const) {
    const trapping = trapped({ ...s, pc: RAM + 8n }, cause, value);
    yield {
      name,
      because,
      before: before(s),
      memory: [code(RAM, [...start, bits]), code(MACHINE_VECTOR, finish)],
      steps: [
        { slots: 3, after: trapping },
        // Cycles: the write of minstret and the trap. Retired: the read of mcycle.
        { slots: 2, after: { pc: MACHINE_VECTOR + 8n, x: { [CYCLES]: 2n, [RETIRED]: 1n } } },
      ],
    };
  }
  for (const [name, bits, bytes] of [
    ["an instruction of 32 bits", NOP, 4n],
    ["an instruction of 16 bits", word("c.nop"), 2n],
    ["a taken branch", word("beq", { immediate: 4 }), 4n],
    ["a load", word("ld", { rs1: 15 }), 4n],
    ["a fence", word("fence", { pred: 15, succ: 15 }), 4n],
    ["fence.i", word("fence.i"), 4n],
    ["sfence.vma", word("sfence.vma"), 4n],
  ] as const) {
    yield {
      name,
      because:
        "privileged 3.1.10: mcycle counts cycles, one for each instruction here; minstret what has retired",
      before: before(s),
      memory: [code(RAM, [...start, bits, ...finish])],
      steps: [{ slots: 5, after: went(s, 16n + bytes, { x: { [CYCLES]: 2n, [RETIRED]: 2n } }) }],
    };
  }
  const returning: Situation = { ...s, csrs: { mepc: RAM + 12n }, status: { MPP: 3 } };
  yield {
    name: "mret",
    because: "privileged 3.1.10: it retires",
    before: before(returning),
    memory: [code(RAM, [...start, word("mret"), ...finish])],
    steps: [
      {
        slots: 5,
        after: went(returning, 20n, {
          x: { [CYCLES]: 2n, [RETIRED]: 2n },
          csrs: { mstatus: mstatus({ MPIE: 1 }) },
        }),
      },
    ],
  };
}

/** Unprivileged counters show the machine's. */
function* timeCases(): Iterable<Case> {
  const s: Situation = { mode: "U", csrs: { mcounteren: 7n, scounteren: 7n } };
  const words = [read(10, 0xc00), read(11, 0xc02), read(12, 0xc01)];
  yield {
    name: "from reset",
    because:
      "Zicntr: cycle and instret count from what the machine set, 0; a tick is 25 slots (README of emulator/)",
    before: before(s),
    memory: [code(RAM, words)],
    steps: [{ slots: 3, after: went(s, 12n, { x: { 10: 0n, 11: 1n, 12: 0n } }) }],
  };
  const loop = [word("jal", { immediate: 0 })];
  for (const slots of [24, 25, 49, 50, 2500]) {
    yield {
      name: `time after ${slots} instructions`,
      because: "Zicntr: time counts real time at a constant frequency; a tick is 25 slots",
      before: before(s),
      memory: [code(RAM, loop), code(RAM + 0x100n, words)],
      steps: [
        { slots, after: went(s, 0n) },
        {
          slots: 3,
          set: { pc: RAM + 0x100n },
          after: went(s, 0x10cn, {
            x: { 10: BigInt(slots), 11: BigInt(slots + 1), 12: BigInt(Math.floor((slots + 2) / 25)) },
          }),
        },
      ],
    };
  }
}

export const suite: Suite = {
  about: "cycle, time and instret: what they count, and what a write does",
  tests: [
    { name: "writes", cases: writeCases },
    { name: "what retires", cases: retireCases },
    { name: "time", cases: timeCases },
  ],
};
