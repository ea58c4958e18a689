/**
 * Loads and stores whose addresses are near each other: what finds the page of one serves all of them. A group begins
 * in one block and goes on in those that it dominates, as long as the register keeps its value on every way there.
 */
import { calls } from "./analysis.ts";
import type { Shape } from "./control-flow.ts";
import { leadingTo } from "./control-flow.ts";
import type { Access } from "./operation.ts";
import type { Placed, RegionBlock } from "./region.ts";

/** Accesses at distances `from` up to but without `to` bytes from a register that keeps its value meanwhile. */
export interface Group {
  readonly slot: number;
  /** The block and the operation in it of the first access. */
  readonly node: number;
  readonly first: number;
  /** The first access; where it stores, all the group's page can be stored to. */
  readonly access: Access;
  /** How many accesses there are. */
  size: number;
  /** Bytes of the widest of them. */
  widest: number;
  from: number;
  to: number;
}

const NO_SLOT = -1;

/** An access that is in no group with others. */
export const loneAccess = (bytes: 4 | 8, writes: boolean): Group => ({
  slot: NO_SLOT,
  node: 0,
  first: 0,
  access: { writes, bytes, base: 0, offset: 0 },
  size: 1,
  widest: bytes,
  from: 0,
  to: bytes,
});

/** Bytes that a group may cover: near the end of a page, what exceeds it is slow. */
const WIDEST = 256;

/** Groups that go on, by what they are remembered under. */
type Open = Map<number, Group>;

/** What a group's page is remembered under in the region: the register, and whether it is for stores. */
const slotOf = (base: number, writes: boolean): number => base * 2 + (writes ? 1 : 0);

/** Whether an access this far from an address that is a multiple of its width lies on one page. */
const isAligned = ({ offset, bytes }: Access): boolean => offset % bytes === 0;

/** For each block, the group of each of its operations, by its index, that makes an access which may be fast. */
export function groupsOf(blocks: readonly RegionBlock[], shape: Shape): ReadonlyMap<number, Group>[] {
  const groups = blocks.map(() => new Map<number, Group>());
  const visit = (node: number, open: Open): void => {
    const block = blocks[node];
    const own = groups[node];
    if (block === undefined || own === undefined) return;
    block.operations.forEach((placed, index) => {
      const { access } = placed.operation;
      if (access !== undefined) own.set(index, join(open, access, node, index));
      close(open, placed);
    });
    if (calls(block)) open.clear();
    for (const next of shape.dominated[node] ?? []) {
      const still: Open = new Map(open);
      // What may execute in between.
      for (const other of leadingTo(shape.predecessors[next] ?? [], node, shape)) {
        const passed = blocks[other];
        passed?.operations.forEach((placed) => {
          close(still, placed);
        });
        if (passed !== undefined && calls(passed)) still.clear();
      }
      visit(next, still);
    }
  };
  visit(0, new Map());
  return groups;
}

/** Adds an access to an open group, or opens one for it. */
function join(open: Open, access: Access, node: number, first: number): Group {
  const { base, writes, offset, bytes } = access;
  const slot = slotOf(base, writes);
  for (const group of [open.get(slotOf(base, true)), open.get(slot)]) {
    if (group === undefined || base === 0 || !isAligned(group.access) || !isAligned(access)) continue;
    const from = Math.min(group.from, offset);
    const to = Math.max(group.to, offset + bytes);
    if (to - from > WIDEST) continue;
    Object.assign(group, { from, to, size: group.size + 1, widest: Math.max(group.widest, bytes) });
    return group;
  }
  const group = { slot, node, first, access, size: 1, widest: bytes, from: offset, to: offset + bytes };
  open.set(slot, group);
  return group;
}

/** What may execute elsewhere meanwhile, or changes the register, ends what was known. */
function close(open: Open, { operation }: Placed): void {
  const { access, accesses, reachesOutside, writes } = operation;
  if (reachesOutside || (accesses !== 0 && access === undefined)) open.clear();
  for (const register of writes.x) {
    open.delete(slotOf(register, false));
    open.delete(slotOf(register, true));
  }
}
