/** Loads and stores of a block whose addresses are near each other: what finds the page of one serves all of them. */
import type { Access } from "./operation.ts";
import type { Placed } from "./region.ts";

/** Accesses at distances `from` up to but without `to` bytes from a register that keeps its value meanwhile. */
export interface Group {
  readonly slot: string;
  /** Indices in the block of its first and last operation. */
  readonly first: number;
  last: number;
  /** The first access. */
  readonly access: Access;
  from: number;
  to: number;
}

/** Bytes that a group may cover: near the end of a page, what exceeds it is slow. */
const WIDEST = 256;

/** What a group's page is remembered under in the region: the register, and whether it is for stores. */
const slotOf = ({ base, writes }: Access): string => `${writes ? "w" : "r"}${base}`;

/** Whether an access at an address that is a multiple of 8, and this far from it, lies on one page. */
const isAligned = ({ offset, bytes }: Access): boolean => offset % bytes === 0;

/** The group of each operation, by its index, that makes an access which may be fast. */
export function groupsOf(operations: readonly Placed[]): Map<number, Group> {
  const groups = new Map<number, Group>();
  const open = new Map<string, Group>();
  operations.forEach(({ operation }, i) => {
    const { access } = operation;
    if (access !== undefined) {
      const slot = slotOf(access);
      const group = open.get(slot);
      const from = Math.min(group?.from ?? access.offset, access.offset);
      const to = Math.max(group?.to ?? 0, access.offset + access.bytes);
      const joins = group !== undefined && isAligned(group.access) && isAligned(access);
      if (joins && access.base !== 0 && to - from <= WIDEST) {
        group.from = from;
        group.to = to;
        group.last = i;
        groups.set(i, group);
      } else {
        const made = {
          slot,
          first: i,
          last: i,
          access,
          from: access.offset,
          to: access.offset + access.bytes,
        };
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
