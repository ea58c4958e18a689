/**
 * Loads and stores of a block whose addresses are near each other: one check of a page serves all of them. Where the
 * check fails, all that relies on it executes in another way, so operations are cut into segments, each with a fast
 * and, if it makes accesses, a slow version.
 */
import type { Access } from "./operation.ts";
import type { Placed } from "./region.ts";

/** Accesses at distances `from` up to but without `to` bytes from a register that keeps its value meanwhile. */
export interface Group {
  readonly slot: string;
  /** Index in the block of its first operation, at which the check is made. */
  readonly first: number;
  readonly access: Access;
  from: number;
  to: number;
}

/** Operations `first` up to but without `end` of a block. */
export interface Segment {
  readonly first: number;
  readonly end: number;
  /** The group of each operation that makes an access which may be fast. */
  readonly groups: ReadonlyMap<number, Group>;
}

/** Bytes that one check may cover: near the end of a page, what exceeds it is slow. */
const WIDEST = 256;

/** What a group's page is remembered under in the region: the register, and whether it is for stores. */
export const slotOf = ({ base, writes }: Access): string => `${writes ? "w" : "r"}${base}`;

/** Cuts a block's operations; all of them are in exactly one segment, in order. */
export function segmentsOf(operations: readonly Placed[]): Segment[] {
  const groups = groupsOf(operations);
  const lasts = new Map<Group, number>();
  for (const [i, group] of groups) lasts.set(group, i);
  const segments: Segment[] = [];
  for (let first = 0; first < operations.length; ) {
    let end = first + 1;
    const own = new Map<number, Group>();
    for (let i = first; i < end; i++) {
      const group = groups.get(i);
      if (group === undefined) continue;
      own.set(i, group);
      end = Math.max(end, (lasts.get(group) ?? i) + 1);
    }
    segments.push({ first, end, groups: own });
    first = end;
  }
  return segments;
}

function groupsOf(operations: readonly Placed[]): Map<number, Group> {
  const groups = new Map<number, Group>();
  const open = new Map<string, Group>();
  operations.forEach(({ operation }, i) => {
    const { access } = operation;
    if (access !== undefined) {
      const slot = slotOf(access);
      const group = open.get(slot);
      const from = Math.min(group?.from ?? access.offset, access.offset);
      const to = Math.max(group?.to ?? 0, access.offset + access.bytes);
      if (group !== undefined && access.base !== 0 && to - from <= WIDEST) {
        group.from = from;
        group.to = to;
        groups.set(i, group);
      } else {
        const made = { slot, first: i, access, from: access.offset, to: access.offset + access.bytes };
        open.set(slot, made);
        groups.set(i, made);
      }
    }
    // What may execute elsewhere in between, or changes the register, ends what was known.
    if (operation.reachesOutside || (operation.accesses !== 0 && access === undefined)) open.clear();
    for (const register of operation.writes.x) {
      open.delete(`r${register}`);
      open.delete(`w${register}`);
    }
  });
  return groups;
}
