import type { Case, Expectation, Piece, Step, Suite } from "../../tools/conformance/case.ts";
import { atomicOperations } from "./oracle/atomics.ts";
import { number, word } from "./support/assemble.ts";
import { instructionTest } from "./support/instruction-test.ts";
import { CODE, DATA, FS, HANDLER, MSTATUS, trapped, trial } from "./support/trial.ts";
import { hex, integers, NEGATIVE_SAMPLE, SAMPLE } from "./support/values.ts";

const END = 0x8001_0000n;
const LOAD_MISALIGNED = 4n;
const LOAD_ACCESS_FAULT = 5n;
const STORE_MISALIGNED = 6n;
const STORE_ACCESS_FAULT = 7n;

type Width = 4 | 8;
const widths: readonly (readonly [suffix: string, bytes: Width])[] = [
  ["w", 4],
  ["d", 8],
];
const cut = (value: bigint, bytes: Width) => BigInt.asUintN(8 * bytes, value);
const extended = (value: bigint, bytes: Width) => BigInt.asUintN(64, BigInt.asIntN(8 * bytes, value));

/** A value in memory with others on both sides, which stay; at the end of RAM there is none behind it. */
const memory = (at: bigint, bytes: Width, value: bigint): Piece[] => {
  const next = at + BigInt(bytes);
  return [
    number(at - 8n, 8, 0xf1e2_d3c4_b5a6_9788n),
    number(at, bytes, value),
    number(next, next < END ? 8 : 0, 0x8796_a5b4_c3d2_e1f0n),
  ];
};

/** All values of aq and rl: what they order is in order anyway. */
const orderings = [
  { aq: 0, rl: 0 },
  { aq: 1, rl: 0 },
  { aq: 0, rl: 1 },
  { aq: 1, rl: 1 },
] as const;

/** A load and a store beside the place in x6, which change nothing: from then on an engine may know the page. */
const approach = [
  word("ld", { rd: 31, rs1: 6, immediate: -8 }),
  word("sd", { rs1: 6, rs2: 31, immediate: -8 }),
];
const approached = { 31: 0xf1e2_d3c4_b5a6_9788n };

const values = integers.filter((_, i) => i % 2 === 0 || i > 16);

function* operationCases(operation: string, suffix: string, bytes: Width): Generator<Case> {
  const rule = atomicOperations.get(operation);
  if (rule === undefined) throw new Error(`no atomic operation is named "${operation}"`);
  const name = `amo${operation}.${suffix}`;
  const one = (
    old: bigint,
    operand: bigint,
    { rd = 5, rs1 = 6, rs2 = 7, ordering = 0, at = DATA, known = false } = {},
  ) => {
    const source = rs2 === rs1 ? at : rs2 === 0 ? 0n : operand;
    const { aq, rl } = orderings[ordering] ?? orderings[0];
    return trial({
      name: `x${rd}, x${rs2} = ${hex(source)}, (x${rs1}) at ${hex(at)}, ${hex(old)}, aq ${aq} rl ${rl}${known ? ", not the first access" : ""}`,
      because: rule.because,
      code: [...(known ? approach : []), word(name, { rd, rs1, rs2, aq, rl })],
      before: { x: { [rs2]: source, [rs1]: at } },
      memory: memory(at, bytes, old),
      after: {
        x: { ...(known ? approached : {}), ...(rd === 0 ? {} : { [rd]: extended(old, bytes) }) },
        memory: memory(at, bytes, cut(rule.value(cut(old, bytes), cut(source, bytes), 8 * bytes), bytes)),
      },
    });
  };
  for (const old of values) {
    for (const operand of values) {
      yield one(old, operand);
      yield one(old, operand, { known: true });
    }
  }
  const [old, operand] = [SAMPLE, NEGATIVE_SAMPLE];
  for (let ordering = 0; ordering < 4; ordering++) yield one(old, operand, { ordering });
  for (const registers of [
    { rd: 6 },
    { rd: 7 },
    { rd: 0 },
    { rs2: 6 },
    { rs2: 0 },
    { rd: 6, rs2: 6 },
    { rd: 0, rs2: 0 },
  ]) {
    yield one(old, operand, registers);
    yield one(operand, old, registers);
  }
  for (let n = 1; n < 32; n++)
    yield one(old, operand, { rd: n, rs1: n === 16 ? 1 : 32 - n, rs2: n % 29 === 0 ? 30 : (n % 29) + 2 });
  for (const at of [DATA + 4n, DATA + 8n, 0x8000_9000n, 0x8000_9000n - BigInt(bytes), END - BigInt(bytes)]) {
    if (at % BigInt(bytes) === 0n) yield one(old, operand, { at });
  }
  yield* faults(name, bytes, STORE_MISALIGNED, STORE_ACCESS_FAULT);
}

/** Atomic accesses that trap: nothing is loaded or stored. */
function* faults(name: string, bytes: Width, misaligned: bigint, denied: bigint): Generator<Case> {
  const one = (at: bigint, cause: bigint, because: string, rd: number, known = false) => {
    const isInRam = at >= 0x8000_0000n && at < END - 16n;
    const pieces = isInRam ? [number(at - 8n, 8, SAMPLE), number(at, 8, NEGATIVE_SAMPLE)] : [];
    const rs2 = name.startsWith("lr") ? {} : { rs2: 7 };
    return trial({
      name: `at ${hex(at)}, rd x${rd}${known ? ", not the first access" : ""}`,
      because,
      code: [...(known ? approach : []), word(name, { rd, rs1: 6, ...rs2 })],
      before: { x: { 6: at, 7: 0x55n, [rd]: rd === 0 ? 0n : 0x77n }, csrs: { mtvec: HANDLER } },
      memory: pieces,
      after: {
        ...trapped({ cause, value: at, pc: known ? CODE + 8n : CODE }),
        x: known ? { 31: SAMPLE } : {},
        memory: pieces,
      },
    });
  };
  const aligned =
    "A: an address that is not naturally aligned raises an exception; on this machine the misaligned one";
  for (let i = 1n; i < BigInt(bytes); i++) {
    yield one(DATA + i, misaligned, aligned, 5);
    yield one(DATA + i, misaligned, aligned, 5, true);
    yield one(0x8000_9000n - i, misaligned, aligned, 5);
  }
  yield one(END + 1n, misaligned, `${aligned}, before any access fault`, 5);
  const absent = "Privileged, Physical Memory Attributes: where there is no memory the access faults";
  for (const at of [0n, END, 0x7fff_fff8n, 0x1_8000_8800n]) {
    yield one(at, denied, absent, 5);
    yield one(at, denied, absent, 0);
  }
  yield protectedAccess(name, denied);
}

/** Memory that may only be executed (for a load) or only not be written. */
function protectedAccess(name: string, denied: bigint): Case {
  const isLoad = denied === LOAD_ACCESS_FAULT;
  const mstatus = MSTATUS | FS.initial;
  return trial({
    name: isLoad ? "memory that cannot be read" : "memory that cannot be written",
    because:
      "Privileged, Physical Memory Protection: an LR needs R; an SC and an AMO need R and W, and fault as stores",
    code: [word(name, { rd: 5, rs1: 6, ...(isLoad ? {} : { rs2: 7 }) })],
    before: {
      mode: "U",
      x: { 6: DATA, 7: 0x55n },
      csrs: { mtvec: HANDLER, mstatus, pmpaddr0: (1n << 54n) - 1n, pmpcfg0: isLoad ? 0x1cn : 0x1dn },
    },
    memory: memory(DATA, 8, SAMPLE),
    after: {
      ...trapped({ cause: denied, value: DATA, from: "U", mstatus }),
      memory: memory(DATA, 8, SAMPLE),
    },
  });
}

function* loadReservedCases(suffix: string, bytes: Width): Generator<Case> {
  const name = `lr.${suffix}`;
  const one = (value: bigint, { rd = 5, rs1 = 6, ordering = 0, at = DATA, known = false } = {}) => {
    const { aq, rl } = orderings[ordering] ?? orderings[0];
    return trial({
      name: `x${rd}, (x${rs1}) at ${hex(at)}, ${hex(value)}, aq ${aq} rl ${rl}${known ? ", not the first access" : ""}`,
      because: "A, Load-Reserved/Store-Conditional: loads a value, sign-extended, and reserves its bytes",
      code: [...(known ? approach : []), word(name, { rd, rs1, aq, rl })],
      before: { x: { [rs1]: at } },
      memory: memory(at, bytes, value),
      after: {
        x: { ...(known ? approached : {}), ...(rd === 0 ? {} : { [rd]: extended(value, bytes) }) },
        memory: memory(at, bytes, value),
      },
    });
  };
  for (const value of integers) {
    yield one(value);
    yield one(value, { known: true });
  }
  const value = NEGATIVE_SAMPLE;
  for (let ordering = 0; ordering < 4; ordering++) yield one(value, { ordering });
  for (let n = 1; n < 32; n++) yield one(value, { rd: n, rs1: 32 - n });
  yield one(value, { rd: 6, rs1: 6 });
  yield one(value, { rd: 0 });
  yield one(value, { at: 0x8000_9000n - BigInt(bytes) });
  yield one(value, { at: DATA + BigInt(bytes) });
  yield* faults(name, bytes, LOAD_MISALIGNED, LOAD_ACCESS_FAULT);
}

const ORIGINAL = SAMPLE;
const STORED = NEGATIVE_SAMPLE;
const SUCCESS = 0n;
const FAILURE = 1n;

function* storeConditionalCases(suffix: string, bytes: Width): Generator<Case> {
  const lr = (operands: object = {}) => word(`lr.${suffix}`, { rd: 5, rs1: 6, ...operands });
  const sc = (operands: object = {}) => word(`sc.${suffix}`, { rd: 8, rs1: 6, rs2: 7, ...operands });
  const name = (text: string) => `${text}, ${bytes} bytes`;
  const loaded = extended(cut(ORIGINAL, bytes), bytes);
  const before = { x: { 6: DATA, 7: STORED, 9: DATA + 8n } };
  function* one(
    text: string,
    says: string,
    code: number[],
    x: Record<number, bigint>,
    value: bigint,
    more: Partial<Expectation> = {},
  ) {
    for (const known of [false, true]) {
      yield trial({
        name: name(known ? `${text}, not the first accesses` : text),
        because: `A, Load-Reserved/Store-Conditional: ${says}`,
        code: known ? [...approach, ...code] : code,
        before,
        memory: memory(DATA, bytes, cut(ORIGINAL, bytes)),
        after: {
          x: known ? { ...approached, ...x } : x,
          memory: memory(DATA, bytes, cut(value, bytes)),
          ...more,
        },
      });
    }
  }
  const success = { 5: loaded, 8: SUCCESS };
  const failure = { 5: loaded, 8: FAILURE };
  const succeeds =
    "a constrained LR/SC sequence with nothing in between succeeds: the value is stored, rd is 0";
  for (const { aq, rl } of orderings) {
    yield* one(`LR, SC, aq ${aq} rl ${rl}`, succeeds, [lr({ aq, rl }), sc({ aq, rl })], success, STORED);
  }
  yield* one("LR, SC over rd", succeeds, [lr(), sc({ rd: 7 })], { 5: loaded, 7: SUCCESS }, STORED);
  yield* one("LR, SC over rs1", succeeds, [lr(), sc({ rd: 6 })], { 5: loaded, 6: SUCCESS }, STORED);
  yield* one("LR, SC without rd", succeeds, [lr(), sc({ rd: 0 })], { 5: loaded }, STORED);
  yield* one("LR, SC of its own address", succeeds, [lr(), sc({ rs2: 6 })], success, DATA);
  yield* one("LR, SC of x0", succeeds, [lr(), sc({ rs2: 0 })], success, 0n);
  yield* one("LR without rd, SC", succeeds, [lr({ rd: 0 }), sc()], { 8: SUCCESS }, STORED);
  yield* one(
    "LR, four ALU instructions, SC",
    succeeds,
    [lr(), ...[10, 11, 12, 13].map((rd) => word("addi", { rd, rs1: 5, immediate: 3 })), sc()],
    { ...success, ...Object.fromEntries([10, 11, 12, 13].map((n) => [n, BigInt.asUintN(64, loaded + 3n)])) },
    STORED,
  );
  yield* one(
    "LR, LR elsewhere and back, SC",
    succeeds,
    [lr({ rs1: 9, rd: 10 }), lr(), sc()],
    { ...success, 10: extended(0x8796_a5b4_c3d2_e1f0n >> (bytes === 4 ? 32n : 0n), bytes) },
    STORED,
  );
  const none = "an SC without a valid reservation fails: nothing is stored, rd is not zero";
  yield* one("SC alone", none, [sc()], { 8: FAILURE }, ORIGINAL);
  yield* one("SC alone without rd", none, [sc({ rd: 0 })], {}, ORIGINAL);
  yield* one(
    "LR, SC, SC",
    "an SC ends every reservation, also where it succeeds",
    [lr(), sc(), sc({ rd: 10, rs2: 0 })],
    { ...success, 10: FAILURE },
    STORED,
  );
  yield* one(
    "LR, SC elsewhere, SC",
    "an SC outside the reservation set fails and ends the reservation",
    [lr(), sc({ rs1: 9, rd: 10 }), sc()],
    { ...failure, 10: FAILURE },
    ORIGINAL,
  );
  yield* one(
    "LR, LR elsewhere, SC",
    "a hart has one reservation, the most recent LR's",
    [lr(), lr({ rs1: 9, rd: 10 }), sc()],
    { ...failure, 10: extended(0x8796_a5b4_c3d2_e1f0n >> (bytes === 4 ? 32n : 0n), bytes) },
    ORIGINAL,
  );
  const other = bytes === 4 ? "d" : "w";
  yield* one(
    "LR of another size, SC",
    "an SC may fail unless it has the address and the size of the LR; on this machine it does",
    [word(`lr.${other}`, { rd: 0, rs1: 6 }), sc()],
    { 8: FAILURE },
    ORIGINAL,
  );
  yield* faults(`sc.${suffix}`, bytes, STORE_MISALIGNED, STORE_ACCESS_FAULT);
  yield afterTrap(suffix, bytes);
}

/** Kernels rely on it: a reservation must not outlive a switch to another process, and on this machine no trap either. */
function afterTrap(suffix: string, bytes: Width): Case {
  const code = [
    word(`lr.${suffix}`, { rd: 5, rs1: 6 }),
    word("ecall"),
    word(`sc.${suffix}`, { rd: 8, rs1: 6, rs2: 7 }),
  ];
  const whole = trial({
    name: `LR, a trap, SC, ${bytes} bytes`,
    because: "A, Load-Reserved/Store-Conditional: an SC may fail after a trap; on this machine it does",
    code,
    before: { x: { 6: DATA, 7: STORED }, csrs: { mtvec: HANDLER } },
    memory: memory(DATA, bytes, cut(ORIGINAL, bytes)),
  });
  const steps: Step[] = [
    {
      slots: 2,
      after: {
        ...trapped({ cause: 11n, value: 0n, pc: CODE + 4n }),
        x: { 5: extended(cut(ORIGINAL, bytes), bytes) },
      },
    },
    {
      slots: 1,
      set: { pc: CODE + 8n },
      after: { pc: CODE + 12n, x: { 8: FAILURE }, memory: memory(DATA, bytes, cut(ORIGINAL, bytes)) },
    },
  ];
  return { ...whole, steps };
}

export const suite: Suite = {
  about: "Atomic operations, load-reserved and store-conditional (A)",
  tests: widths.flatMap(([suffix, bytes]) => [
    instructionTest(`lr.${suffix}`, () => loadReservedCases(suffix, bytes)),
    instructionTest(`sc.${suffix}`, () => storeConditionalCases(suffix, bytes)),
    ...[...atomicOperations.keys()].map((operation) =>
      instructionTest(`amo${operation}.${suffix}`, () => operationCases(operation, suffix, bytes)),
    ),
  ]),
};
