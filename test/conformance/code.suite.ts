import type { Case, Expectation, Piece, Suite } from "../../tools/conformance/case.ts";
import { pte, pteFlags } from "./oracle/page-table.ts";
import { AddressSpace } from "./support/address-space.ts";
import { code, number, word } from "./support/assemble.ts";
import type { Situation } from "./support/situation.ts";
import { before, DATA, RAM, trapped, went } from "./support/situation.ts";

const [RESULT, TARGET, VALUE] = [10, 11, 12];
const FENCE_I = word("fence.i");
const because = "unprivileged, Zifencei: after fence.i a hart fetches what it has stored";
const setting = (immediate: number) => word("addi", { rd: RESULT, immediate });
const setShort = (immediate: number) => word("c.li", { rd: RESULT, immediate });
const back = word("jalr", { rs1: 1 });
const call = word("jalr", { rd: 1, rs1: TARGET });
const STORES = { 1: "sb", 2: "sh", 4: "sw", 8: "sd" } as const;
const bytesOf = (words: readonly number[]): bigint =>
  code(0n, words).bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

/** Calls a piece of code, stores over it, fences, and calls it again; in one run and with stops. */
function* overwriting(
  name: string,
  at: bigint,
  first: readonly number[],
  stored: { readonly bytes: keyof typeof STORES; readonly offset?: number; readonly value: bigint },
  results: readonly [bigint, bigint],
  slots: readonly [number, number],
): Iterable<Case> {
  const { bytes, offset = 0, value } = stored;
  const store = word(STORES[bytes], { rs1: TARGET, rs2: VALUE, immediate: offset });
  const program = [call, store, FENCE_I, call];
  const s: Situation = { mode: "M", x: { [TARGET]: at, [VALUE]: value } };
  const memory = [code(RAM, program), code(at, first)];
  const end = (result: bigint): Expectation => went(s, 16n, { x: { 1: RAM + 16n, [RESULT]: result } });
  const [before1, before2] = slots;
  yield {
    name: `${name}, in one run`,
    because,
    before: before(s),
    memory,
    steps: [{ slots: 4 + before1 + before2, after: end(results[1]) }],
  };
  yield {
    name: `${name}, with stops`,
    because,
    before: before(s),
    memory,
    steps: [
      { slots: 1 + before1, after: went(s, 4n, { x: { 1: RAM + 4n, [RESULT]: results[0] } }) },
      { slots: 2, after: went(s, 12n) },
      { slots: 1 + before2, after: end(results[1]) },
    ],
  };
}

function* storeCases(): Iterable<Case> {
  const at = DATA + 0x40n;
  for (const bytes of [4, 8] as const) {
    const value = bytes === 4 ? BigInt(setting(2)) : BigInt(setting(2)) | (BigInt(back) << 32n);
    yield* overwriting(`${bytes} bytes`, at, [setting(1), back], { bytes, value }, [1n, 2n], [2, 2]);
    yield* overwriting(
      `${bytes} bytes at the end of a page`,
      DATA + 0xff8n,
      [setting(1), back],
      { bytes, value },
      [1n, 2n],
      [2, 2],
    );
  }
  // The immediate's high bits alone: byte 3 of the word, then its upper half.
  yield* overwriting(
    "one byte",
    at,
    [setting(1), back],
    { bytes: 1, offset: 3, value: 0x40n },
    [1n, 0x401n],
    [2, 2],
  );
  yield* overwriting(
    "two bytes",
    at,
    [setting(1), back],
    { bytes: 2, offset: 2, value: 0x7ff0n },
    [1n, 0x7ffn],
    [2, 2],
  );
  const across = DATA + 0xffen;
  yield* overwriting(
    "an instruction across pages, its first half",
    across,
    [setting(1), back],
    { bytes: 2, value: BigInt(word("addi", { rd: RESULT, rs1: RESULT, immediate: 0 }) & 0xffff) },
    [1n, 1n],
    [2, 2],
  );
  yield* overwriting(
    "an instruction across pages, its second half",
    across,
    [setting(1), back],
    { bytes: 2, offset: 2, value: 0x0020n },
    [1n, 2n],
    [2, 2],
  );
  yield* overwriting(
    "an instruction across pages, all of it",
    across,
    [setting(1), back],
    { bytes: 4, value: BigInt(setting(3)) },
    [1n, 3n],
    [2, 2],
  );
  yield* overwriting(
    "two short ones over a long one",
    at,
    [setting(1), back],
    { bytes: 4, value: bytesOf([setShort(5), setShort(6)]) },
    [1n, 6n],
    [2, 3],
  );
  yield* overwriting(
    "a long one over two short ones",
    at,
    [setShort(5), setShort(6), back],
    { bytes: 4, value: BigInt(setting(7)) },
    [6n, 7n],
    [3, 2],
  );
  yield* overwriting(
    "a short one over another",
    at,
    [setShort(5), setShort(6), back],
    { bytes: 2, offset: 2, value: BigInt(setShort(9)) },
    [6n, 9n],
    [3, 3],
  );
  yield* overwriting(
    "a store to data on the same page",
    at,
    [setting(1), back],
    { bytes: 8, offset: 64, value: -1n & 0xffff_ffff_ffff_ffffn },
    [1n, 1n],
    [2, 2],
  );
}

/** Atomics and cache-block zeroing store, too. */
function* otherStoreCases(): Iterable<Case> {
  const at = DATA + 0x40n;
  const operands = { rs1: TARGET, rs2: VALUE, rd: 13 };
  const value = BigInt(setting(2));
  for (const [name, words, loaded] of [
    ["AMO", [word("amoswap.w", operands), FENCE_I, word("addi")], BigInt(setting(1))],
    ["SC", [word("lr.w", { rd: 13, rs1: TARGET }), word("sc.w", operands), FENCE_I], 0n],
    ["store from the floating-point unit", [word("fsw", { rs1: TARGET, rs2: 1 }), FENCE_I, word("addi")], 0n],
  ] as const) {
    const s: Situation = { mode: "M", status: { FS: 3 }, x: { [TARGET]: at, [VALUE]: value } };
    const program = [call, ...words, call];
    const x = { 1: RAM + 20n, [RESULT]: 2n, ...(name.startsWith("store") ? {} : { 13: loaded }) };
    yield {
      name,
      because,
      before: { ...before(s), f: { 1: 0xffff_ffff_0000_0000n | value } },
      memory: [code(RAM, program), code(at, [setting(1), back])],
      steps: [{ slots: 9, after: went(s, 20n, { x }) }],
    };
  }
  const s: Situation = { mode: "M", x: { [TARGET]: at } };
  yield {
    name: "cbo.zero",
    because: "cache management 2.7: the block is zero afterwards, and sixteen zeros are illegal",
    before: before(s),
    memory: [
      code(RAM, [call, word("cbo.zero", { rs1: TARGET }), FENCE_I, call]),
      code(at, [setting(1), back]),
    ],
    steps: [
      { slots: 3, after: went(s, 4n, { x: { 1: RAM + 4n, [RESULT]: 1n } }) },
      { slots: 3, after: { pc: at, x: { 1: RAM + 16n } } },
      { slots: 1, after: trapped({ ...s, pc: at }, 2, 0n) },
    ],
  };
}

/** Code that stores over what comes right after it. */
function* aheadCases(): Iterable<Case> {
  for (const distance of [8, 12, 16, 64]) {
    const place = RAM + BigInt(distance);
    const s: Situation = { mode: "M", x: { [TARGET]: place, [VALUE]: BigInt(setting(2)) } };
    const gap = Array.from({ length: distance / 4 - 2 }, () => word("addi"));
    const program = [word("sw", { rs1: TARGET, rs2: VALUE }), FENCE_I, ...gap, setting(1)];
    yield {
      name: `${distance} bytes ahead`,
      because,
      before: before(s),
      memory: [code(RAM, program)],
      steps: [{ slots: program.length, after: went(s, BigInt(distance) + 4n, { x: { [RESULT]: 2n } }) }],
    };
  }
}

/** One physical page at two virtual addresses: stored through one, executed through the other. */
function* aliasCases(): Iterable<Case> {
  const [executed, written] = [0xc000_0000n, 0xc020_0000n];
  for (const mode of ["S", "U"] as const) {
    const space = new AddressSpace("sv39").mapCode(mode);
    const user = mode === "U" ? "U" : "";
    space.set(executed, pte(DATA, pteFlags(`VXAD${user}`)));
    space.set(written, pte(DATA, pteFlags(`VRWAD${user}`)));
    const s: Situation = {
      mode,
      csrs: { satp: space.satp },
      x: { [TARGET]: executed, [VALUE]: BigInt(setting(2)), 13: written },
    };
    const program = [call, word("sw", { rs1: 13, rs2: VALUE }), FENCE_I, call];
    yield {
      name: `stored through an alias in ${mode}`,
      because,
      before: before(s),
      memory: [code(RAM, program), code(DATA, [setting(1), back]), ...space.pieces()],
      steps: [{ slots: 8, after: went(s, 16n, { x: { 1: RAM + 16n, [RESULT]: 2n } }) }],
    };
  }
}

/** What someone else has stored: another hart, or a device. */
function* foreignCases(): Iterable<Case> {
  const at = DATA + 0x40n;
  const runner: Situation = { mode: "M", x: { [TARGET]: at } };
  const program = [call, FENCE_I, call];
  const memory = (other: readonly Piece[]) => [code(RAM, program), code(at, [setting(1), back]), ...other];
  const first = { slots: 3, after: went(runner, 4n, { x: { 1: RAM + 4n, [RESULT]: 1n } }) };
  const last = { slots: 4, after: went(runner, 12n, { x: { 1: RAM + 12n, [RESULT]: 2n } }) };
  const storer: Situation = { mode: "M", pc: RAM + 0x100n, x: { [TARGET]: at, [VALUE]: BigInt(setting(2)) } };
  yield {
    name: "another hart's store",
    because: "unprivileged, Zifencei: the other hart's store is visible here after fence.i",
    before: before(runner),
    otherHarts: [before(storer)],
    memory: memory([code(RAM + 0x100n, [word("sw", { rs1: TARGET, rs2: VALUE })])]),
    steps: [first, { hart: 1, slots: 1, after: went(storer) }, last],
  };
  yield {
    name: "a device's store",
    because: "unprivileged, Zifencei: stores of others are visible after fence.i",
    before: before(runner),
    memory: memory([]),
    steps: [first, { ...last, stores: [number(at, 4, BigInt(setting(2)))] }],
  };
}

/** A jump whose two halves lie in two pages, to targets at many distances before it. */
function* straddlingCases(): Iterable<Case> {
  const at = RAM + 0xeffen;
  for (let distance = 0x1000; distance <= 0xd000; distance += 0x7fe) {
    const target = at - BigInt(distance);
    const s: Situation = { mode: "M", pc: at, x: { [TARGET]: target } };
    for (const jump of [word("jal", { immediate: -distance }), word("jalr", { rs1: TARGET })]) {
      yield {
        name: `${jump === word("jalr", { rs1: TARGET }) ? "jalr" : "jal"}, ${distance} bytes back`,
        because:
          "unprivileged, Unconditional Jumps: the target does not depend on where the jump was fetched",
        before: before(s),
        memory: [code(at, [jump]), code(target, [setting(5)])],
        steps: [{ slots: 2, after: went({ ...s, pc: target }, 4n, { x: { [RESULT]: 5n } }) }],
      };
    }
  }
}

export const suite: Suite = {
  about:
    "code that changes: stores of every size over instructions, across pages, through aliases, by others; fence.i; jumps that straddle pages",
  tests: [
    { name: "straddling jumps", cases: straddlingCases },
    { name: "stores", cases: storeCases },
    { name: "other stores", cases: otherStoreCases },
    { name: "just ahead", cases: aheadCases },
    { name: "aliases", cases: aliasCases },
    { name: "others' stores", harts: 2, cases: foreignCases },
  ],
};
