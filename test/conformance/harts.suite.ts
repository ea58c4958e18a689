import type { Case, Step, Suite } from "../../tools/conformance/case.ts";
import { pte, pteFlags } from "./oracle/page-table.ts";
import { AddressSpace, elsewhere } from "./support/address-space.ts";
import { code, number, word } from "./support/assemble.ts";
import type { Situation } from "./support/situation.ts";
import { before, DATA, RAM, went } from "./support/situation.ts";

const [RESULT, ADDRESS, VALUE] = [10, 11, 12];
const OTHER_CODE = RAM + 0x100n;
const OLD = 0x11n;

interface Width {
  readonly suffix: "w" | "d";
  readonly bytes: 4 | 8;
}
const widths: readonly Width[] = [
  { suffix: "w", bytes: 4 },
  { suffix: "d", bytes: 8 },
];

const first = (at = DATA): Situation => ({ mode: "M", x: { [RESULT]: 7n, [ADDRESS]: at, [VALUE]: 0x22n } });
const second = (at = DATA): Situation => ({
  ...first(at),
  pc: OTHER_CODE,
  x: { [RESULT]: 7n, [ADDRESS]: at, [VALUE]: 0x33n },
});

/** LR and SC with another hart's doings in between. */
function* reservationCases(): Iterable<Case> {
  for (const { suffix, bytes } of widths) {
    const operands = { rd: RESULT, rs1: ADDRESS, rs2: VALUE };
    const lr = word(`lr.${suffix}`, { rd: RESULT, rs1: ADDRESS });
    const sc = word(`sc.${suffix}`, operands);
    const store = word(`s${suffix}`, { rs1: ADDRESS, rs2: VALUE });
    const amo = word(`amoswap.${suffix}`, operands);
    const reserves: Step = { slots: 1, after: went(first(), 4n, { x: { [RESULT]: OLD } }) };
    const fails = (stored: bigint): Step => ({
      slots: 1,
      after: went(first(), 8n, { x: { [RESULT]: 1n }, memory: [number(DATA, bytes, stored)] }),
    });
    const other = (result: bigint, stored: bigint, slots = 1): Step => ({
      hart: 1,
      slots,
      after: went(second(), BigInt(4 * slots), {
        x: { [RESULT]: result },
        memory: [number(DATA, bytes, stored)],
      }),
    });
    const one = (
      name: string,
      because: string,
      otherWords: readonly number[],
      steps: readonly Step[],
    ): Case => ({
      name: `${name}, ${bytes} bytes`,
      because,
      before: before(first()),
      otherHarts: [before(second())],
      memory: [code(RAM, [lr, sc]), code(OTHER_CODE, otherWords), number(DATA, 8, OLD)],
      steps,
    });
    const lost = "unprivileged, A: SC fails if another hart has stored to the reserved bytes since LR";
    yield one("a store by another hart", lost, [store], [reserves, other(7n, 0x33n), fails(0x33n)]);
    yield one("an AMO by another hart", lost, [amo], [reserves, other(OLD, 0x33n), fails(0x33n)]);
    yield one("LR and SC by another hart", lost, [lr, sc], [reserves, other(0n, 0x33n, 2), fails(0x33n)]);
    const none = "unprivileged, A: SC fails without a reservation of its own hart's";
    yield one("SC by another hart", none, [sc], [reserves, other(1n, OLD)]);
    const alone = "unprivileged, A: without a store in between SC succeeds";
    const succeeds: Step = {
      slots: 1,
      after: went(first(), 8n, { x: { [RESULT]: 0n }, memory: [number(DATA, bytes, 0x22n)] }),
    };
    yield one("nobody in between", alone, [store], [reserves, succeeds]);
    const seen = word(`l${suffix}`, { rd: RESULT, rs1: ADDRESS });
    yield one(
      "a successful SC is seen by another hart",
      "unprivileged, A",
      [seen],
      [reserves, succeeds, other(0x22n, 0x22n)],
    );
  }
}

/** Memory is one, registers and CSRs are each hart's. */
function* sharedCases(): Iterable<Case> {
  for (const { suffix, bytes } of widths) {
    yield {
      name: `a store of ${bytes} bytes is loaded by another hart`,
      because: "unprivileged 1.4: harts share memory",
      before: before(first()),
      otherHarts: [before(second())],
      memory: [
        code(RAM, [word(`s${suffix}`, { rs1: ADDRESS, rs2: VALUE })]),
        code(OTHER_CODE, [word(`l${suffix}`, { rd: RESULT, rs1: ADDRESS })]),
      ],
      steps: [
        { slots: 1, after: went(first()) },
        { hart: 1, slots: 1, after: went(second(), 4n, { x: { [RESULT]: 0x22n } }) },
      ],
    };
  }
  const identify = word("csrrs", { rd: RESULT, immediate: 0xf14 });
  yield {
    name: "mhartid",
    because: "privileged 3.1.5: each hart has a number of its own, one of them 0",
    before: before(first()),
    otherHarts: [before(second())],
    memory: [code(RAM, [identify]), code(OTHER_CODE, [identify])],
    steps: [
      { slots: 1, after: went(first(), 4n, { x: { [RESULT]: 0n } }) },
      { hart: 1, slots: 1, after: went(second(), 4n, { x: { [RESULT]: 1n } }) },
    ],
  };
}

/** Each hart has a TLB, which other harts' fences leave alone. */
function* shootdownCases(): Iterable<Case> {
  const load = word("ld", { rd: RESULT, rs1: ADDRESS });
  const fence = word("sfence.vma");
  const virtual = elsewhere("sv39");
  const space = new AddressSpace("sv39").mapCode("S");
  const entry = space.map(virtual, DATA, "VRWAD");
  const of = (s: Situation): Situation => ({ ...s, mode: "S", csrs: { satp: space.satp } });
  const [one, two] = [of(first(virtual)), of(second(virtual))];
  const because =
    "privileged 4.2.1: sfence.vma fences the executing hart's translations only; others need their own";
  const remapped = number(entry, 8, pte(DATA + 0x1000n, pteFlags("VRWAD")));
  const memory = [
    code(RAM, [load, load, fence, load]),
    code(OTHER_CODE, [fence]),
    ...space.pieces(),
    number(DATA, 8, 1n),
    number(DATA + 0x1000n, 8, 2n),
  ];
  yield {
    name: "another hart's fence does not reach this one",
    because,
    before: before(one),
    otherHarts: [before(two)],
    memory,
    steps: [
      { slots: 1, after: went(one, 4n, { x: { [RESULT]: 1n } }) },
      { hart: 1, slots: 1, stores: [remapped], after: went(two) },
      { slots: 1, after: went(one, 8n, { x: { [RESULT]: 1n }, tlbMisses: 0n }) },
      { slots: 2, after: went(one, 16n, { x: { [RESULT]: 2n } }) },
    ],
  };
}

export const suite: Suite = {
  about: "several harts: reservations, shared memory, and translations that each has for itself",
  tests: [
    { name: "LR and SC", harts: 2, cases: reservationCases },
    { name: "shared and own", harts: 2, cases: sharedCases },
    { name: "shootdown", harts: 2, cases: shootdownCases },
  ],
};
