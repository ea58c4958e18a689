/** Runs a case on a bench and compares what came of it with what must hold. */
import type { Bench } from "../../emulator/board/bench.ts";
import type { Hart } from "../../emulator/board/hart-view.ts";
import { floatRegisterNames, integerRegisterNames } from "../../emulator/isa/disassemble.ts";
import type { Case, Expectation, Piece, State, Step } from "./case.ts";
import { watchedCsrs } from "./case.ts";
import { compareCsrValues, compareValue, type Mismatch, wordOf } from "./mismatch.ts";

/** Where a case went wrong: after which step, and how. */
export interface CaseFailure {
  readonly step: number;
  readonly mismatches: readonly Mismatch[];
}

/** Runs a case from reset on. Gives undefined when all that must hold holds. */
export function runCase(bench: Bench, tried: Case): CaseFailure | undefined {
  prepareCase(bench, tried);
  for (const [index, step] of tried.steps.entries()) {
    const hart = hartOf(bench, step);
    const before = prepareStep(bench, step);
    bench.run(step.slots, step.hart);
    const mismatches = compare(bench, hart, before, step.after);
    if (mismatches.length > 0) return { step: index, mismatches };
  }
  return undefined;
}

/** Resets the bench and puts in what a case begins with. */
export function prepareCase(bench: Bench, { before, otherHarts = [], memory }: Case): void {
  bench.reset();
  [before, ...otherHarts].forEach((state, index) => {
    const hart = bench.harts[index];
    hart?.set(state);
  });
  for (const { at, bytes } of memory) bench.write(at, bytes);
}

/** What a hart holds, of all that a step must leave alone. */
interface Snapshot {
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly csrs: readonly bigint[];
  readonly tlbMisses: bigint;
}

/** Lets in what comes before the slots of a step. */
export function prepareStep(bench: Bench, step: Step): Snapshot {
  const hart = hartOf(bench, step);
  if (step.set !== undefined) hart.set(step.set);
  if (step.lines !== undefined) hart.setLines(step.lines);
  for (const { at, bytes } of step.stores ?? []) bench.write(at, bytes);
  return {
    x: registers.map((n) => hart.x(n)),
    f: registers.map((n) => hart.f(n)),
    csrs: watchedCsrs.map((name) => hart.csr(name)),
    tlbMisses: hart.tlbCounters().misses,
  };
}

const registers = Array.from({ length: 32 }, (_, n) => n);

function hartOf(bench: Bench, { hart: index = 0 }: Step): Hart {
  const hart = bench.harts[index];
  if (hart === undefined)
    throw new RangeError(`the case names hart ${index}, the bench has ${bench.harts.length}`);
  return hart;
}

function compare(bench: Bench, hart: Hart, before: Snapshot, after: Expectation): Mismatch[] {
  const { trap, waiting, x, f, memory, tlbMisses } = after;
  const found: Mismatch[] = [];
  if (trap !== undefined) found.push(...compareTrap(hart, trap));
  found.push(...compareValue("pc", after.pc, hart.pc));
  found.push(...compareWord("privilege mode", trap?.mode ?? after.mode, hart.mode));
  if (waiting !== undefined) found.push(...compareWord("asleep", String(waiting), String(hart.waiting)));
  compareRegisters(found, integerRegisterNames, x, before.x, (n) => hart.x(n));
  compareRegisters(found, floatRegisterNames, f, before.f, (n) => hart.f(n));
  found.push(...compareCsrs(hart, before, after));
  for (const piece of memory ?? []) found.push(...comparePiece(bench, piece));
  const misses = hart.tlbCounters().misses - before.tlbMisses;
  found.push(...compareWord("TLB misses", tlbMisses?.toString(), String(misses)));
  return found;
}

function compareRegisters(
  found: Mismatch[],
  names: readonly string[],
  told: State["x"],
  before: readonly bigint[],
  read: (register: number) => bigint,
): void {
  for (const n of registers) {
    const expected = told?.[n] ?? before[n];
    const value = read(n);
    if (value !== expected) found.push(...compareValue(names[n] ?? "", expected, value));
  }
}

const trapRegisters = { M: ["mcause", "mepc", "mtval"], S: ["scause", "sepc", "stval"] } as const;

function compareTrap(hart: Hart, trap: NonNullable<Expectation["trap"]>): Mismatch[] {
  const [cause, pc, value] = trapRegisters[trap.mode];
  return [
    ...compareCsr(hart, cause, trap.cause),
    ...compareCsr(hart, pc, trap.pc),
    ...compareCsr(hart, value, trap.value),
  ];
}

function compareCsrs(hart: Hart, before: Snapshot, { csrs = {}, trap }: Expectation): Mismatch[] {
  const inTrap: readonly string[] = trap === undefined ? [] : trapRegisters[trap.mode];
  const found = Object.entries(csrs).flatMap(([name, value]) => compareCsr(hart, name, value));
  watchedCsrs.forEach((name, i) => {
    if (name in csrs || inTrap.includes(name)) return;
    const expected = before.csrs[i] ?? 0n;
    if (hart.csr(name) !== expected) found.push(...compareCsr(hart, name, expected));
  });
  return found;
}

function compareCsr(hart: Hart, name: string, expected: bigint): Mismatch[] {
  return compareCsrValues(name, expected, hart.csr(name));
}

function compareWord(what: string, expected: string | undefined, found: string): Mismatch[] {
  return expected === undefined || expected === found ? [] : [{ what, expected, found }];
}

/** Nothing where memory holds a piece. */
export function comparePiece(bench: Bench, { at, bytes }: Piece): Mismatch[] {
  const found = bench.read(at, bytes.length);
  if (bytes.every((byte, i) => byte === found[i])) return [];
  const hex = (data: Uint8Array) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return [{ what: `memory at ${wordOf(at)}`, expected: hex(bytes), found: hex(found) }];
}
