/**
 * The translation look-aside buffer: set-associative, all page sizes in one array, entries live until they are evicted
 * or sfence.vma names them. Victims rotate within a set.
 *
 * An entry is 24 bytes: the virtual page number at the entry's own size (8), the leaf page-table entry (8), ASID (2),
 * size (1), flags (1: valid, global).
 */
import { state, TLB_OFFSET, TLB_VICTIM_OFFSET } from "../hart/layout.ts";
import type { I32, I64 } from "../language/expression.ts";
import { cell32, cell64, hart, select32, setting32, u32 } from "../language/expression.ts";
import { hook, procedure } from "../language/procedure.ts";
import { local, returns, storeCell, when, whilst } from "../language/statement.ts";

export const TLB_ENTRY_BYTES = 24;
export const TlbEntryOffset = { page: 0, pte: 8, asid: 16, size: 18, flags: 19 } as const;
export const TlbFlag = { valid: 1, global: 2 } as const;
/** A page's size: the level of its leaf, or 64 KiB (Svnapot), which the deepest mode's five levels leave free. */
export const NAPOT_SIZE = 5;
const NAPOT_SHIFT = 16;

/** Bits of the virtual address below what an entry of a level maps. */
export const levelShift = (level: I32): I32 => level.mul(9).add(12);

/** Bits of the virtual address below a page of a size. */
export const pageShift = (size: I32): I32 => select32(size.eq(NAPOT_SIZE), NAPOT_SHIFT, levelShift(size));

/** Bytes of a page of a size that a TLB entry holds. */
export const pageBytes = (size: number): bigint =>
  1n << BigInt(size === NAPOT_SIZE ? NAPOT_SHIFT : size * 9 + 12);

/** Tells engines that `virtual`, in a page of `size`, may no longer be translated as it was: now, or in another space only. */
export const translationDropped = hook("translationDropped", {
  virtual: "i64",
  size: "i32",
  current: "i32",
});

/** The address space that satp names. */
export const satpAsid = (satp: I64): I32 => satp.bits(44, 16).toI32();

const sets = () => setting32("tlbSets");
const ways = () => setting32("tlbWays");
/** Higher bits are folded in, so that stacks and heaps at round addresses do not collide. */
const setOf = (page: I64): I32 => {
  const low = local(page.toI32());
  return low.xor(low.shrU(7)).xor(low.shrU(15)).and(sets().sub(1));
};
const entryAt = (index: I32): I32 => hart.add(TLB_OFFSET).add(index.mul(TLB_ENTRY_BYTES));
const flagsOf = (entry: I32) => cell32("u8", entry, TlbEntryOffset.flags);
/** Whether an entry is valid and of a size: size and flags are looked at as one cell. */
const holdsSize = (entry: I32, size: I32) =>
  cell32("u16", entry, TlbEntryOffset.size)
    .and((TlbFlag.valid << 8) | 0xff)
    .eq(size.or(TlbFlag.valid << 8));
const isGlobal = (entry: I32) => flagsOf(entry).and(TlbFlag.global).ne(0);

/** The leaf page-table entry and size that a TLB entry holds. */
export const cachedPte = (entry: I32) => cell64("i64", entry, TlbEntryOffset.pte);
export const cachedSize = (entry: I32) => cell32("u8", entry, TlbEntryOffset.size);

/** Looks at the entries of every size, the smallest first, that hold the page of an address, in whatever address space. */
const forEachEntry = (virtual: I64, look: (entry: I32) => void): void => {
  const sizes = local(state.tlbSizes.get());
  whilst(sizes.ne(0), () => {
    const size = local(sizes.ctz());
    const page = local(virtual.shrS(pageShift(size).toU64()));
    const entry = local(entryAt(setOf(page).mul(ways())));
    const end = local(entry.add(ways().mul(TLB_ENTRY_BYTES)));
    whilst(entry.ltU(end), () => {
      when(cell64("i64", entry, TlbEntryOffset.page).eq(page), () =>
        when(holdsSize(entry, size), () => look(entry)),
      );
      entry.set(entry.add(TLB_ENTRY_BYTES));
    });
    sizes.set(sizes.and(sizes.sub(1)));
  });
};

/** Address of the entry that translates `virtual` in address space `asid`, or 0. */
export const tlbLookup = procedure(
  "tlbLookup",
  { virtual: "i64", asid: "i32" },
  "i32",
  ({ virtual, asid }) => {
    forEachEntry(virtual, (entry) => {
      const inSpace = cell32("u16", entry, TlbEntryOffset.asid).eq(asid).or(isGlobal(entry));
      when(inSpace, () => returns(entry));
    });
    return u32(0);
  },
);

const drop = procedure("tlbDrop", { entry: "i32" }, "none", ({ entry }) => {
  const global = local(isGlobal(entry));
  storeCell("u8", entry, u32(0), TlbEntryOffset.flags);
  const size = local(cachedSize(entry));
  const virtual = cell64("i64", entry, TlbEntryOffset.page).shl(pageShift(size).toU64());
  const asid = cell32("u16", entry, TlbEntryOffset.asid);
  const current = asid.eq(satpAsid(state.satp.get())).or(global);
  translationDropped({ virtual, size, current });
});

/** Forgets an entry whose permissions no longer suffice, before the page table is walked again. */
export const tlbForget = drop;

/** Enters a translation, evicting the set's next victim. */
export const tlbInsert = procedure(
  "tlbInsert",
  { virtual: "i64", pte: "i64", size: "i32", asid: "i32", global: "i32" },
  "none",
  ({ virtual, pte, size, asid, global }) => {
    const page = local(virtual.shrS(pageShift(size).toU64()));
    const set = local(setOf(page));
    const victimCell = hart.add(set);
    const way = local(cell32("u8", victimCell, TLB_VICTIM_OFFSET));
    const next = local(way.add(1));
    when(next.eq(ways()), () => next.set(0));
    storeCell("u8", victimCell, next, TLB_VICTIM_OFFSET);
    const entry = local(entryAt(set.mul(ways()).add(way)));
    when(flagsOf(entry).ne(0), () => {
      state.tlbEvictions.set(state.tlbEvictions.get().add(1));
      drop({ entry });
    });
    storeCell("i64", entry, page, TlbEntryOffset.page);
    storeCell("i64", entry, pte, TlbEntryOffset.pte);
    storeCell("u16", entry, asid, TlbEntryOffset.asid);
    storeCell("u8", entry, size, TlbEntryOffset.size);
    storeCell("u8", entry, global.shl(1).or(TlbFlag.valid), TlbEntryOffset.flags);
    // A global page may come before what other address spaces have at the same address.
    when(global, () => translationDropped({ virtual, size, current: 1 }));
    state.tlbSizes.set(state.tlbSizes.get().or(u32(1).shl(size)));
  },
);

/** Whether a fence for one address space, or for any, means an entry; global ones belong to no single space. */
const named = (entry: I32, asid: I32, anyAsid: I32): I32 =>
  anyAsid.ne(0).or(cell32("u16", entry, TlbEntryOffset.asid).eq(asid).and(isGlobal(entry).isZero()));

const flush = (entry: I32): void => {
  state.tlbFlushes.set(state.tlbFlushes.get().add(1));
  drop({ entry });
};

/** Drops the entries that sfence.vma with an address names: of any size, of one address space or of all. */
export const tlbFlushAddress = procedure(
  "tlbFlushAddress",
  { virtual: "i64", asid: "i32", anyAsid: "i32" },
  "none",
  ({ virtual, asid, anyAsid }) => {
    forEachEntry(virtual, (entry) => {
      when(named(entry, asid, anyAsid), () => flush(entry));
    });
  },
);

/** Drops all entries of one address space (the global ones stay), or all of all. */
export const tlbFlushSpace = procedure(
  "tlbFlushSpace",
  { asid: "i32", anyAsid: "i32" },
  "none",
  ({ asid, anyAsid }) => {
    when(state.tlbSizes.get().ne(0), () => {
      const entry = local(entryAt(u32(0)));
      const end = local(entryAt(sets().mul(ways())));
      whilst(entry.ltU(end), () => {
        when(
          flagsOf(entry)
            .ne(0)
            .and(named(entry, asid, anyAsid)),
          () => flush(entry),
        );
        entry.set(entry.add(TLB_ENTRY_BYTES));
      });
      when(anyAsid.ne(0), () => state.tlbSizes.set(u32(0)));
    });
  },
);
