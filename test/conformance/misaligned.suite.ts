import type { Case, Suite } from "../../tools/conformance/case.ts";
import type { TranslationMode } from "./oracle/page-table.ts";
import { accessKinds, pte, pteFlags } from "./oracle/page-table.ts";
import type { PmpEntry } from "./oracle/pmp.ts";
import { napot, pmpBit, pmpMatch, pmpRegisters } from "./oracle/pmp.ts";
import { AddressSpace, elsewhere } from "./support/address-space.ts";
import { code, number, word } from "./support/assemble.ts";
import type { Situation } from "./support/situation.ts";
import { before, NOWHERE, RAM, trapped, went } from "./support/situation.ts";

const [VALUE, ADDRESS] = [10, 11];
const LOADS = { 2: "lhu", 4: "lwu", 8: "ld" } as const;
const STORES = { 2: "sh", 4: "sw", 8: "sd" } as const;
const SIZES = [2, 4, 8] as const;
type Bytes = (typeof SIZES)[number];
type Kind = "load" | "store";
const KINDS: readonly Kind[] = ["load", "store"];

/** Physical pages that do not follow one another, so that an access that forgets to translate twice shows. */
const [FIRST, SECOND] = [RAM + 0x3000n, RAM + 0xb000n];
const RAM_END = RAM + 0x10000n;
const ADUE = 1n << 61n;
const PATTERN = 0x8877_6655_4433_2211n;
const BACKGROUND = 0xa5a5_a5a5_a5a5_a5a5n;

const cut = (value: bigint, bytes: number) => BigInt.asUintN(8 * bytes, value);
const hex = (value: bigint) => `0x${value.toString(16)}`;
const instructionOf = (kind: Kind, bytes: Bytes): number =>
  kind === "load"
    ? word(LOADS[bytes], { rd: VALUE, rs1: ADDRESS })
    : word(STORES[bytes], { rs1: ADDRESS, rs2: VALUE });

/** Offsets from the end of a page at which an access of some size crosses it. */
const crossings = (bytes: Bytes): readonly number[] => Array.from({ length: bytes - 1 }, (_, i) => i + 1);

/** Within a page of RAM: every misalignment of every size. */
function* insideCases(): Iterable<Case> {
  const because = "privileged 3.6.3: misaligned loads and stores of RAM are supported, here";
  const base = FIRST + 0x100n;
  for (const mode of ["M", "U"] as const) {
    for (const bytes of SIZES) {
      for (let offset = 0n; offset < 8n; offset++) {
        const at = base + offset;
        const s: Situation = { mode, x: { [ADDRESS]: at, [VALUE]: PATTERN } };
        for (const kind of KINDS) {
          const value = cut(BACKGROUND, bytes);
          yield {
            name: `${kind} of ${bytes} bytes at ${hex(at)} in ${mode}`,
            because,
            before: before(s),
            memory: [
              code(RAM, [instructionOf(kind, bytes)]),
              number(base - 8n, 8, PATTERN),
              number(at, bytes, value),
            ],
            steps: [
              {
                slots: 1,
                after: went(
                  s,
                  4n,
                  kind === "load"
                    ? { x: { [VALUE]: value } }
                    : {
                        memory: [
                          number(at, bytes, PATTERN),
                          number(at + BigInt(bytes), 8, 0n),
                          number(base - 8n, 8, PATTERN),
                        ],
                      },
                ),
              },
            ],
          };
        }
      }
    }
  }
}

interface Flags {
  readonly name: string;
  readonly first: string;
  readonly second: string;
}

const pairs: readonly Flags[] = [
  { name: "both mapped", first: "VRWAD", second: "VRWAD" },
  { name: "first unmapped", first: "", second: "VRWAD" },
  { name: "second unmapped", first: "VRWAD", second: "" },
  { name: "neither mapped", first: "", second: "" },
  { name: "second read-only", first: "VRWAD", second: "VRAD" },
  { name: "first read-only", first: "VRAD", second: "VRWAD" },
  { name: "second not readable", first: "VRWAD", second: "VXAD" },
  { name: "second of U-mode", first: "VRWAD", second: "VRWUAD" },
  { name: "second without A", first: "VRWAD", second: "VRWD" },
  { name: "second without D", first: "VRWAD", second: "VRWA" },
  { name: "first without A and D", first: "VRW", second: "VRWAD" },
  { name: "both without A and D", first: "VRW", second: "VRW" },
];

const readable = (flags: string) => flags.includes("VR") && !flags.includes("U");
const writable = (flags: string) => readable(flags) && flags.includes("W");
/** Whether software must see to the entry first. */
const stale = (flags: string, kind: Kind) =>
  !flags.includes("A") || (kind === "store" && !flags.includes("D"));

/** Across two pages that are mapped apart; what faults is named by its own first address. */
function* crossingCases(mode: TranslationMode): Iterable<Case> {
  const because =
    "privileged 3.1.16: tval is the address of the part that faults; 4.3.2: each part is translated; " +
    "a store of which any part faults stores nothing, here";
  const page = elsewhere(mode);
  const next = page + 0x1000n;
  for (const menvcfg of [0n, ADUE]) {
    for (const { name, first, second } of pairs) {
      for (const kind of KINDS) {
        for (const bytes of SIZES) {
          for (const below of crossings(bytes)) {
            const at = next - BigInt(below);
            const space = new AddressSpace(mode).mapCode("S");
            space.set(page, pte(FIRST, pteFlags(first)));
            space.set(next, pte(SECOND, pteFlags(second)));
            const s: Situation = {
              mode: "S",
              csrs: { satp: space.satp, menvcfg },
              x: { [ADDRESS]: at, [VALUE]: PATTERN },
            };
            const allows = (flags: string) =>
              (kind === "load" ? readable(flags) : writable(flags)) &&
              (menvcfg !== 0n || !stale(flags, kind));
            const fault = !allows(first) ? at : !allows(second) ? next : undefined;
            const low = FIRST + 0x1000n - BigInt(below);
            const parts = (value: bigint) => [
              number(low, below, value),
              number(SECOND, bytes - below, value >> BigInt(8 * below)),
            ];
            const value = cut(BACKGROUND ^ PATTERN, bytes);
            const done =
              kind === "load"
                ? went(s, 4n, { x: { [VALUE]: value } })
                : went(s, 4n, { memory: parts(PATTERN) });
            yield {
              name: `${kind} of ${bytes} bytes, ${below} before the end, ${name}, ${menvcfg ? "Svadu" : "Svade"}`,
              because,
              before: before(s),
              memory: [code(RAM, [instructionOf(kind, bytes)]), ...space.pieces(), ...parts(value)],
              steps: [
                {
                  slots: 1,
                  after:
                    fault === undefined
                      ? done
                      : { ...trapped(s, accessKinds[kind].page, fault), memory: parts(value) },
                },
              ],
            };
          }
        }
      }
    }
  }
}

/** Where memory ends: physical addresses, and a page beyond. */
function* endCases(): Iterable<Case> {
  const because =
    "privileged 3.1.16, 3.6.1: where a part of an access is nowhere, tval is that part's address";
  for (const kind of KINDS) {
    for (const bytes of SIZES) {
      for (const below of crossings(bytes)) {
        const at = RAM_END - BigInt(below);
        const s: Situation = { mode: "M", x: { [ADDRESS]: at, [VALUE]: PATTERN } };
        const kept = [number(at, below, BACKGROUND)];
        yield {
          name: `${kind} of ${bytes} bytes, ${below} before the end of RAM`,
          because,
          before: before(s),
          memory: [code(RAM, [instructionOf(kind, bytes)]), ...kept],
          steps: [{ slots: 1, after: { ...trapped(s, accessKinds[kind].access, RAM_END), memory: kept } }],
        };
        const ahead: Situation = { mode: "M", x: { [ADDRESS]: RAM - BigInt(below), [VALUE]: PATTERN } };
        yield {
          name: `${kind} of ${bytes} bytes, ${below} before RAM`,
          because,
          before: before(ahead),
          memory: [code(RAM, [instructionOf(kind, bytes)])],
          steps: [{ slots: 1, after: trapped(ahead, accessKinds[kind].access, RAM - BigInt(below)) }],
        };
      }
      const s: Situation = { mode: "M", x: { [ADDRESS]: NOWHERE + 1n, [VALUE]: PATTERN } };
      yield {
        name: `${kind} of ${bytes} bytes, misaligned, of nowhere`,
        because,
        before: before(s),
        memory: [code(RAM, [instructionOf(kind, bytes)])],
        steps: [{ slots: 1, after: trapped(s, accessKinds[kind].access, NOWHERE + 1n) }],
      };
    }
  }
}

/** Two pages with different protection. */
function* protectionCases(): Iterable<Case> {
  const { R, W, X } = pmpBit;
  const page = (config: number, from: bigint): PmpEntry => ({
    config: config | pmpMatch.NAPOT,
    address: napot(from, 0x1000n),
  });
  const because =
    "privileged 3.7.1: each part of a misaligned access is protected by itself; tval is the part denied";
  for (const [first, second] of [
    [R | W, R | W],
    [R | W, R],
    [R, R | W],
    [R | W, X],
    [0, R | W],
  ] as const) {
    for (const kind of KINDS) {
      for (const bytes of SIZES) {
        for (const below of crossings(bytes)) {
          const at = FIRST + 0x1000n - BigInt(below);
          const s: Situation = {
            mode: "U",
            csrs: pmpRegisters([page(R | X, RAM), page(first, FIRST), page(second, FIRST + 0x1000n)]),
            x: { [ADDRESS]: at, [VALUE]: PATTERN },
          };
          const right = kind === "load" ? R : W;
          const fault = !(first & right) ? at : !(second & right) ? FIRST + 0x1000n : undefined;
          const old = cut(BACKGROUND, bytes);
          const memory = [number(at, bytes, kind === "load" || fault !== undefined ? old : PATTERN)];
          const done = went(s, 4n, { memory, x: kind === "load" ? { [VALUE]: old } : {} });
          yield {
            name: `${kind} of ${bytes} bytes, ${below} before the end, PMP ${first} and ${second}`,
            because,
            before: before(s),
            memory: [code(RAM, [instructionOf(kind, bytes)]), number(at, bytes, old)],
            steps: [
              {
                slots: 1,
                after:
                  fault === undefined ? done : { ...trapped(s, accessKinds[kind].access, fault), memory },
              },
            ],
          };
        }
      }
    }
  }
}

/** Floating-point and compressed accesses go the same way. */
function* otherCases(): Iterable<Case> {
  const at = FIRST + 0xffdn;
  const s: Situation = { mode: "M", status: { FS: 3 }, x: { [ADDRESS]: at, [VALUE]: PATTERN } };
  const because = "privileged 3.6.3: all loads and stores of RAM may be misaligned, here";
  const boxed = 0xffff_ffff_0000_0000n;
  yield {
    name: "fld across pages",
    because,
    before: before(s),
    memory: [code(RAM, [word("fld", { rd: 8, rs1: ADDRESS })]), number(at, 8, PATTERN)],
    steps: [{ slots: 1, after: went(s, 4n, { f: { 8: PATTERN } }) }],
  };
  yield {
    name: "flw across pages",
    because,
    before: before(s),
    memory: [code(RAM, [word("flw", { rd: 8, rs1: ADDRESS })]), number(at, 4, PATTERN)],
    steps: [{ slots: 1, after: went(s, 4n, { f: { 8: boxed | cut(PATTERN, 4) } }) }],
  };
  yield {
    name: "fsd across pages",
    because,
    before: { ...before(s), f: { 8: PATTERN } },
    memory: [code(RAM, [word("fsd", { rs1: ADDRESS, rs2: 8 })])],
    steps: [{ slots: 1, after: went(s, 4n, { memory: [number(at, 8, PATTERN)] }) }],
  };
  for (const [name, pieces, after] of [
    ["c.ld", [number(at, 8, BACKGROUND)], { x: { [VALUE]: BACKGROUND } }],
    ["c.sd", [], { memory: [number(at, 8, PATTERN)] }],
  ] as const) {
    const operands = name === "c.ld" ? { rd: VALUE, rs1: ADDRESS } : { rs1: ADDRESS, rs2: VALUE };
    yield {
      name: `${name} across pages`,
      because,
      before: before(s),
      memory: [code(RAM, [word(name, operands)]), ...pieces],
      steps: [{ slots: 1, after: went(s, 2n, after) }],
    };
  }
}

export const suite: Suite = {
  about: "misaligned loads and stores: within a page, across pages that differ, and at the end of memory",
  tests: [
    { name: "within a page", cases: insideCases },
    { name: "across pages, Sv39", cases: () => crossingCases("sv39") },
    { name: "across pages, Sv57", cases: () => crossingCases("sv57") },
    { name: "end of memory", cases: endCases },
    { name: "protection", cases: protectionCases },
    { name: "other instructions", cases: otherCases },
  ],
};
