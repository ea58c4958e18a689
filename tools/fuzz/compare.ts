/** What differs between our outcome of a program and QEMU's, and whether a known deviation explains it. */
import type { Deviation, Scene } from "./deviations.ts";
import { accessedAndDirty, deviations, isAtomicStore, statusBitsOfFloat, wordAt } from "./deviations.ts";
import type { LoggedTrap, Outcome } from "./log.ts";
import { readLog } from "./log.ts";
import type { Program } from "./program.ts";
import type { Memory } from "./world.ts";
import { CODE, CODE_END, DATA, DATA_BYTES, TABLES, TABLES_BYTES, walk } from "./world.ts";

/** One thing that is not the same; undefined where a side has nothing of the kind. */
export type Difference =
  | {
      readonly kind: "trap";
      readonly number: number;
      readonly ours: LoggedTrap | undefined;
      readonly theirs: LoggedTrap | undefined;
    }
  | { readonly kind: "state"; readonly name: string; readonly ours: bigint; readonly theirs: bigint }
  | { readonly kind: "memory"; readonly at: number; readonly ours: bigint; readonly theirs: bigint }
  /** The trial did not end on one of the sides. */
  | { readonly kind: "end"; readonly ended: "ours" | "theirs" };

export interface Divergence {
  /** The trial in which it shows; undefined where only memory differs at the program's end. */
  readonly trial: number | undefined;
  readonly differences: readonly Difference[];
}

export interface Comparison {
  /** What no deviation explains, in the order of trials; after the first, others may follow from it. */
  readonly divergences: readonly Divergence[];
  /** How often each deviation explained something. */
  readonly explained: ReadonlyMap<Deviation, number>;
}

/** Compares what a program left in RAM. */
export function compareRuns(program: Program, ours: Memory, theirs: Memory): Comparison {
  const explained = new Map<Deviation, number>();
  const hit = (deviation: Deviation) => explained.set(deviation, (explained.get(deviation) ?? 0) + 1);
  const divergences: Divergence[] = [];
  /** Page-table entries of pages that faults are about which differ. */
  const looked = new Set<number>();
  const [our, their] = [readLog(ours), readLog(theirs)];
  for (const [index, trial] of program.trials.entries()) {
    const [mine, other] = [our[index], their[index]];
    if (mine === undefined && other === undefined) break;
    if (mine === undefined || other === undefined) {
      divergences.push({
        trial: index,
        differences: [{ kind: "end", ended: mine === undefined ? "theirs" : "ours" }],
      });
      break;
    }
    const scene = { trial, memory: ours, ours: mine, theirs: other };
    const differences = compareOutcomes(mine, other).filter((d) => !isExplained(d, scene, hit));
    for (const entry of entriesInQuestion(scene)) looked.add(entry);
    if (differences.length > 0) divergences.push({ trial: index, differences });
  }
  const memory = compareMemory(ours, theirs, (at, a, b) => {
    // A is bit 6 of an entry, D bit 7.
    const excused = looked.has(at) && ((a ^ b) & ~0xc0n) === 0n;
    if (excused) hit(accessedAndDirty);
    return excused;
  });
  if (memory.length > 0) divergences.push({ trial: undefined, differences: memory });
  return { divergences, explained };
}

function compareOutcomes(ours: Outcome, theirs: Outcome): Difference[] {
  const differences: Difference[] = [];
  for (let number = 0; number < Math.max(ours.traps.length, theirs.traps.length); number++) {
    const [a, b] = [ours.traps[number], theirs.traps[number]];
    const same = a !== undefined && b !== undefined && sameTrap(a, b);
    if (!same) differences.push({ kind: "trap", number, ours: a, theirs: b });
  }
  for (const [name, value] of ours.state) {
    const other = theirs.state.get(name) ?? 0n;
    if (value !== other) differences.push({ kind: "state", name, ours: value, theirs: other });
  }
  return differences;
}

const sameTrap = (a: LoggedTrap, b: LoggedTrap) =>
  a.to === b.to && a.cause === b.cause && a.epc === b.epc && a.tval === b.tval && a.status === b.status;

function isExplained(difference: Difference, scene: Scene, hit: (deviation: Deviation) => void): boolean {
  if (difference.kind === "trap") {
    const { ours, theirs } = difference;
    if (ours === undefined || theirs === undefined) return false;
    const found = deviations.filter((deviation) => deviation.trap?.(ours, theirs, scene));
    const onlyStatus = sameTrap({ ...ours, status: 0n }, { ...theirs, status: 0n });
    const status = statusBitsOfFloat(ours.status, theirs.status);
    // A trap with another cause and another status takes two explanations.
    if (ours.status !== theirs.status && !status) return false;
    const reason = found.find(({ name }) => onlyStatus || name !== "FS stays clean");
    if (reason === undefined) return false;
    hit(reason);
    return true;
  }
  if (difference.kind !== "state") return false;
  const { name, ours, theirs } = difference;
  const reason = deviations.find((deviation) => deviation.state?.(name, ours, theirs, scene));
  if (reason !== undefined) hit(reason);
  return reason !== undefined;
}

const regions = [
  { from: DATA, to: DATA + DATA_BYTES },
  { from: TABLES, to: TABLES + TABLES_BYTES },
  { from: CODE, to: CODE_END },
];

function compareMemory(
  ours: Memory,
  theirs: Memory,
  excused: (at: number, ours: bigint, theirs: bigint) => boolean,
): Difference[] {
  const differences: Difference[] = [];
  for (const { from, to } of regions) {
    for (let at = from; at < to; at += 8) {
      const [a, b] = [ours.get64(at), theirs.get64(at)];
      if (a !== b && !excused(at, a, b)) differences.push({ kind: "memory", at, ours: a, theirs: b });
    }
  }
  return differences;
}

/** The page-table entries of addresses that faults name which differ, or which an AMO has raised. */
function* entriesInQuestion(scene: Scene): Iterable<number> {
  const { trial, memory, ours, theirs } = scene;
  const spaces = new Set([trial.csrs.satp, ours.state.get("satp") ?? 0n]);
  for (const [i, trap] of ours.traps.entries()) {
    const other = theirs.traps[i] ?? trap;
    const same = sameTrap({ ...trap, status: 0n }, { ...other, status: 0n });
    if (same && !isAtomicStore(wordAt(scene, trap.epc))) continue;
    for (const satp of spaces) {
      // A misaligned access concerns the page before as well, or the one behind.
      for (const virtual of [trap.tval, other.tval, trap.tval - 8n, trap.tval + 8n]) {
        const entry = walk(memory, satp, virtual);
        if (entry !== "missing") yield entry;
      }
    }
  }
}
