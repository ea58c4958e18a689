/** What emission needs to know of a region as a whole: its shape, its registers, and how far each check must reach. */
import type { Shape } from "./control-flow.ts";
import { leadingTo, shapeOf } from "./control-flow.ts";
import type { Operation } from "./operation.ts";
import type { Region, RegionBlock } from "./region.ts";

/** Registers as bits: x0 to x31, then f0 to f31. */
export type Registers = bigint;

export interface Analysis {
  /** Nodes are indices of `region.blocks`. */
  readonly shape: Shape;
  /** The node of a block by its delta. */
  readonly nodes: ReadonlyMap<number, number>;
  /** Registers that occur at all, and those that are written. */
  readonly used: Registers;
  readonly written: Registers;
  /** Registers that hold numbers of double precision, at least at times. */
  readonly doubles: Registers;
  /** Registers that may have changed since they were last in memory, at the end of each block. */
  readonly dirty: readonly Registers[];
  /** Nodes that lie in a loop. */
  readonly loops: ReadonlySet<number>;
  /** Blocks at whose beginning slots are checked: the entry, loop heads, and what follows calls. */
  readonly checks: ReadonlySet<number>;
  /** The most slots that may pass from the beginning of a block to the next check, or until the region is left. */
  readonly slots: readonly number[];
}

/** Whether control leaves the region at the end of a block and comes back: a call. */
export function calls(block: RegionBlock): boolean {
  const flow = block.operations.at(-1)?.operation.flow;
  return (flow?.kind === "jump" || flow?.kind === "indirect") && flow.link;
}

/** The numbers of the registers of a file in a set. */
export function registersOf(set: Registers, file: "x" | "f"): number[] {
  const half = file === "x" ? set & 0xffff_ffffn : set >> 32n;
  const numbers: number[] = [];
  for (let n = 0, rest = Number(half); rest !== 0; n++, rest = Math.floor(rest / 2))
    if (rest % 2 === 1) numbers.push(n);
  return numbers;
}

export function analyse({ blocks }: Region): Analysis {
  const nodes = new Map(blocks.map(({ delta }, i) => [delta, i]));
  const shape = shapeOf(blocks.map(({ successors }) => successors.map((delta) => nodes.get(delta) ?? 0)));
  const checks = new Set([0, ...shape.loopHeads]);
  blocks.forEach((block, i) => {
    if (calls(block)) for (const next of shape.successors[i] ?? []) checks.add(next);
  });
  const writtenIn = blocks.map((block) => union(block, ({ writes }) => writes));
  const readIn = blocks.map((block) => union(block, ({ reads }) => reads));
  const all = (sets: readonly Registers[]) => sets.reduce((sum, set) => sum | set, 0n);
  return {
    shape,
    nodes,
    used: all(readIn) | all(writtenIn),
    written: all(writtenIn),
    doubles: all(blocks.map((block) => union(block, ({ doubles }) => ({ x: [], f: doubles })))),
    dirty: dirtyAtEnds(blocks, shape, writtenIn),
    loops: loopNodes(shape),
    checks,
    slots: longestPaths(blocks, shape, checks),
  };
}

/** Each register as a set. */
const ALONE: readonly Registers[] = Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit));

function union({ operations }: RegionBlock, of: (operation: Operation) => Operation["reads"]): Registers {
  let set = 0n;
  for (const { operation } of operations) {
    const { x, f } = of(operation);
    for (const register of x) set |= ALONE[register] ?? 0n;
    for (const register of f) set |= ALONE[32 + register] ?? 0n;
  }
  return set;
}

/** Grows the sets until they are closed; a call leaves nothing dirty behind. */
function dirtyAtEnds(
  blocks: readonly RegionBlock[],
  shape: Shape,
  written: readonly Registers[],
): Registers[] {
  const dirty = [...written];
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of shape.order) {
      const block = blocks[node];
      if (block === undefined || calls(block)) continue;
      for (const next of shape.successors[node] ?? []) {
        const grown = (dirty[next] ?? 0n) | (dirty[node] ?? 0n);
        if (grown === dirty[next]) continue;
        dirty[next] = grown;
        changed = true;
      }
    }
  }
  return dirty;
}

/** What leads to a back edge before its loop's head is passed again. */
function loopNodes(shape: Shape): Set<number> {
  const nodes = new Set<number>();
  for (const head of shape.loopHeads) {
    const ends = (shape.predecessors[head] ?? []).filter((from) => shape.isBackEdge(from, head));
    nodes.add(head);
    for (const node of leadingTo(ends, head, shape)) nodes.add(node);
  }
  return nodes;
}

/** From the last block to the first: every way around a loop passes its head, where slots are checked again. */
function longestPaths(blocks: readonly RegionBlock[], shape: Shape, checks: ReadonlySet<number>): number[] {
  const longest = blocks.map(() => 0);
  for (const node of [...shape.order].reverse()) {
    const beyond = (shape.successors[node] ?? []).map((next) =>
      checks.has(next) ? 0 : (longest[next] ?? 0),
    );
    longest[node] = (blocks[node]?.operations.length ?? 0) + Math.max(0, ...beyond);
  }
  return longest;
}
