import type { Case, State, Suite } from "../../tools/conformance/case.ts";
import type { MemoryAccess } from "./oracle/memory.ts";
import { accesses } from "./oracle/memory.ts";
import { number, word } from "./support/assemble.ts";
import { instructionTest } from "./support/instruction-test.ts";
import { CODE, DATA, FS, HANDLER, illegal, MSTATUS, trapped, trial } from "./support/trial.ts";
import { hex, immediates, integers, unsigned } from "./support/values.ts";

/** Where RAM ends in a test that does not ask for more. */
const END = 0x8001_0000n;
const LOAD_ACCESS_FAULT = 5n;
const STORE_ACCESS_FAULT = 7n;

/** What stands on both sides of an accessed value, and is neither loaded nor changed. */
const SURROUNDINGS = 0xf1e2_d3c4_b5a6_9788n;

interface Access {
  readonly at: bigint;
  /** In memory before a load, in the register before a store. */
  readonly value: bigint;
  readonly offset?: number;
  /** Number of the register that is loaded or stored. */
  readonly moved?: number;
  readonly rs1?: number;
}

/** The registers before an access: rs1 prevails where it is the one stored. */
function registersBefore(
  { kind, file }: MemoryAccess,
  { moved = 7, value, rs1 = 6 }: Access,
  base: bigint,
): State {
  const stored = kind === "store" ? { [moved]: value } : {};
  return file === "x" ? { x: { ...stored, [rs1]: base } } : { x: { [rs1]: base }, f: stored };
}

function instruction(
  name: string,
  { kind }: MemoryAccess,
  { moved = 7, rs1 = 6, offset = 0 }: Access,
): number {
  return word(name, { [kind === "load" ? "rd" : "rs2"]: moved, rs1, immediate: offset });
}

/** A load or a store that succeeds. */
function access(name: string, rule: MemoryAccess, tried: Access): Case {
  const { kind, bytes, file, because, loaded } = rule;
  const { at, value, offset = 0, moved = 7, rs1 = 6 } = tried;
  const base = unsigned(at - BigInt(offset));
  const before = registersBefore(rule, tried, base);
  const stored = file === "x" ? (moved === 0 ? 0n : (before.x?.[moved] ?? 0n)) : value;
  const mask = (1n << BigInt(8 * bytes)) - 1n;
  const memory = (middle: bigint) => [
    number(at - 8n, 8, SURROUNDINGS),
    number(at, bytes, middle & mask),
    number(at + BigInt(bytes), 8, SURROUNDINGS),
  ];
  const result = { [moved]: loaded(value & mask) };
  return trial({
    name: `${file}${moved}, ${offset}(x${rs1}) at ${hex(at)}, ${hex(value)}`,
    because,
    code: [instruction(name, rule, tried)],
    before,
    memory: memory(kind === "load" ? value : ~stored),
    after:
      kind === "store"
        ? { memory: memory(stored) }
        : file === "f"
          ? { memory: memory(value), f: result, csrs: { mstatus: MSTATUS | FS.dirty } }
          : { memory: memory(value), x: moved === 0 ? {} : result },
  });
}

/** An access that faults leaves memory and registers as they were. */
function fault(name: string, rule: MemoryAccess, at: bigint, reported: bigint, moved = 7): Case {
  const { kind, bytes } = rule;
  const tried = { at, value: 0x0123_4567_89ab_cdefn, moved };
  const inRam = at >= 0x8000_0000n && at < END ? [number(at, Number(END - at), SURROUNDINGS)] : [];
  const before = registersBefore(rule, tried, at);
  return trial({
    name: `${bytes} bytes at ${hex(at)} into or from ${moved}`,
    because:
      "Privileged, Physical Memory Attributes: where there is no memory the access faults; mtval is the address of the part that faults",
    code: [instruction(name, rule, tried)],
    before: { ...before, csrs: { mtvec: HANDLER } },
    memory: inRam,
    after: {
      ...trapped({ cause: kind === "load" ? LOAD_ACCESS_FAULT : STORE_ACCESS_FAULT, value: reported }),
      memory: inRam,
    },
  });
}

function* accessCases(name: string, rule: MemoryAccess): Generator<Case> {
  const { bytes, kind, file } = rule;
  for (const value of integers) yield access(name, rule, { at: DATA, value });
  for (const byte of [0x00n, 0x7fn, 0x80n, 0xffn]) {
    for (let i = 0n; i < 8n; i++) {
      const hole = 0xffn << (8n * i);
      for (const rest of [0n, 0x5566_7788_99aa_bbccn]) {
        yield access(name, rule, { at: DATA, value: (rest & ~hole) | (byte << (8n * i)) });
      }
    }
  }
  const value = 0x8899_aabb_ccdd_eef7n;
  // Every alignment, in the middle of a page and across its end.
  for (const place of [DATA, 0x8000_9000n]) {
    for (let i = -8n; i <= 8n; i++) {
      yield access(name, rule, { at: place + i, value });
      yield access(name, rule, { at: place + i, value: 0x0123_4567_89ab_cd6fn });
    }
  }
  for (const offset of immediates(12)) yield access(name, rule, { at: DATA + 0x10n, value, offset });
  for (let n = 0; n < 32; n++)
    yield access(name, rule, { at: DATA, value, moved: n, rs1: n === 31 ? 1 : 31 - n });
  if (file === "x")
    for (let n = 1; n < 32; n++) yield access(name, rule, { at: DATA, value, offset: 4, moved: n, rs1: n });
  // The address wraps around.
  yield access(name, rule, { at: END - 8n - BigInt(bytes), value, offset: -2048 });

  for (const at of [
    END,
    END - BigInt(bytes) + 1n,
    0x7fff_fff8n,
    0n,
    0x1_8000_8000n,
    0xffff_ffff_ffff_fff0n,
  ]) {
    yield fault(name, rule, at, at < END && at > DATA && bytes > 1 ? END : at);
  }
  if (kind === "load" && file === "x") yield fault(name, rule, END, END, 0);
  if (file === "f") yield* floatStatus(name, rule);
}

/** mstatus.FS (privileged, Extension Context Status). */
function* floatStatus(name: string, rule: MemoryAccess): Generator<Case> {
  const tried = { at: DATA, value: 0xffff_ffff_0123_4567n };
  const before = registersBefore(rule, tried, DATA);
  const encoded = instruction(name, rule, tried);
  yield illegal(
    "FS off",
    "Privileged, Extension Context Status: with FS off every floating-point instruction is illegal",
    encoded,
    {
      ...before,
      csrs: { mstatus: MSTATUS | FS.off },
    },
  );
  yield trial({
    name: "FS clean",
    because:
      "Privileged, Extension Context Status: what changes an f register makes FS dirty, and a store does not",
    code: [encoded],
    before: { ...before, pc: CODE + 2n, csrs: { mstatus: MSTATUS | FS.clean } },
    after: rule.kind === "load" ? { f: { 7: rule.loaded(0n) }, csrs: { mstatus: MSTATUS | FS.dirty } } : {},
  });
}

export const suite: Suite = {
  about: "Loads and stores at every alignment, integer and floating-point",
  tests: [...accesses].map(([name, rule]) => instructionTest(name, () => accessCases(name, rule))),
};
