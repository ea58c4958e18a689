/**
 * What the interpreter remembers about translations: three direct-mapped tables (loads, stores, fetches) of pages whose
 * accesses need no further check. Everything in them is in the architectural TLB too and leaves it together with it.
 *
 * A tag is the virtual page with a context number in bits 3 to 11, which stands for satp, mode, SUM and MXR, so that
 * changing these forgets nothing, and to forget all is to number anew. The low three bits are zero, so that a misaligned access misses.
 */
import { ENGINE_OFFSET, state } from "../../hart/layout.ts";
import type { I32, I64 } from "../../language/expression.ts";
import {
  cell32,
  cell64,
  hart,
  select,
  select32,
  setting32,
  setting64,
  u32,
  u64,
} from "../../language/expression.ts";
import { procedure } from "../../language/procedure.ts";
import { fillCells, local, raise, returns, storeCell, when } from "../../language/statement.ts";
import { Access } from "../../memory/access.ts";
import {
  inRam,
  NOTICED,
  PageFlag,
  pageFlagCell,
  RAM_BASE,
  ramCell,
  ramOffset,
  storeBytes,
} from "../../memory/physical.ts";
import { whenDenied } from "../../memory/pmp.ts";
import { translate } from "../../memory/translate.ts";
import { dataMode, fetch } from "../../memory/virtual.ts";
import { Cause } from "../../trap/cause.ts";
import { flag, Status } from "../../trap/status.ts";
import { decodeAlone, decodedPage, forget } from "./decoded-code.ts";

export const LOOKASIDE_ENTRIES = 1024;
const TABLE_BYTES = LOOKASIDE_ENTRIES * 16;
export const READ_TABLE = ENGINE_OFFSET;
export const WRITE_TABLE = READ_TABLE + TABLE_BYTES;
export const FETCH_TABLE = WRITE_TABLE + TABLE_BYTES;
/** Second half of an entry: what added to the low half of a virtual address gives its place in machine memory. */
export const ENTRY_TARGET = 8;

const field32 = (offset: number) => ({
  offset,
  get: () => cell32("i32", hart, offset),
  set: (v: I32) => storeCell("i32", hart, v, offset),
});
const field64 = (offset: number) => ({
  offset,
  get: () => cell64("i64", hart, offset),
  set: (v: I64) => storeCell("i64", hart, v, offset),
});

const FIELDS = FETCH_TABLE + TABLE_BYTES;
/** Set when the loop must look at everything again before the next instruction. */
export const attention = field32(FIELDS);
/** Context numbers, at their place in a tag. */
export const fetchContext = field64(FIELDS + 8);
export const dataContext = field64(FIELDS + 16);
/** 1 where accesses go through the TLB, for counting hits. */
export const fetchTranslated = field32(FIELDS + 24);
export const dataTranslated = field32(FIELDS + 28);
/** The number of an address space given last, and up to which one they no longer count. */
const lastSpace = field32(FIELDS + 32);
const forgottenSpace = field32(FIELDS + 36);
/** Slots that were left when slots were last counted. */
export const counted = field32(FIELDS + 40);
/** Set when a region has been left for want of slots. */
export const cutShort = field32(FIELDS + 44);
/**
 * Numbers of address spaces: from 1 to below this, for with it a tag could be all ones, as where nothing is remembered.
 * The table that gives them has as many entries and one more: satp and number.
 */
const SPACES = 63;
const SPACE_TABLE = FIELDS + 48;
const SPACE_NUMBER = 8;
const SPACE_BYTES = (SPACES + 1) * 16;
/** For those who look at an engine's speed: slots that passed in translated regions, and how often one was entered. */
export const translatedSlots = field64(SPACE_TABLE + SPACE_BYTES);
export const regionEntries = field64(SPACE_TABLE + SPACE_BYTES + 8);
/** Set when regions have been left for the place at pc often enough: the run ends there. */
export const leftOften = field32(SPACE_TABLE + SPACE_BYTES + 16);
/** The decoded page from which code executes (0: none, it is an instruction by itself) and its address. */
export const codePage = field32(SPACE_TABLE + SPACE_BYTES + 20);
export const codeAddress = field64(SPACE_TABLE + SPACE_BYTES + 24);
/** Bytes of slots that a jump may reach from that page without a fetch: none from an instruction by itself. */
export const codeSpan = field32(SPACE_TABLE + SPACE_BYTES + 32);
/** Eight times the address of an instruction, less the place of its slot. The sign fills the top bits of what can be executed. */
export const codeBias = field64(SPACE_TABLE + SPACE_BYTES + 40);
/**
 * Where a region keeps the pages that its loops' accesses were in last: each one's virtual address, the distance from it
 * below which an access is in it, and what added to an address gives its place.
 */
const PAGE_SLOTS = SPACE_TABLE + SPACE_BYTES + 48;
export const MOST_PAGE_SLOTS = 32;
export const PageSlot = { page: 0, limit: 8, target: 16 } as const;
const PAGE_SLOT_BYTES = 24;
export const pageSlot = (index: number) => {
  const at = PAGE_SLOTS + index * PAGE_SLOT_BYTES;
  return { at, page: at + PageSlot.page, limit: at + PageSlot.limit, target: at + PageSlot.target };
};
const AFTER_PAGE_SLOTS = PAGE_SLOTS + MOST_PAGE_SLOTS * PAGE_SLOT_BYTES;
/** 1 where addresses of data are physical and all of RAM may be loaded and stored. */
export const memoryIsFlat = field32(AFTER_PAGE_SLOTS);
/** The record of a region that was to be entered though it is made for flat memory, and memory is not; 0 for none. */
export const misfit = field32(AFTER_PAGE_SLOTS + 4);
/**
 * When the run ends for a look at where execution is: at so many interpreted slots, which are the clock's without the
 * translated ones, less `NEVER`, for as a hart's state is clear at first there are no looks unless somebody asks for them.
 */
export const lookAt = field64(AFTER_PAGE_SLOTS + 8);
export const NEVER = 2 ** 52;
/** Set when slots that are interpreted because a region was cut short have been added to `lookAt`: they tell nothing. */
export const excused = field32(AFTER_PAGE_SLOTS + 16);
/** Slots that may pass in regions beyond those that may be interpreted. */
export const beyond = field32(AFTER_PAGE_SLOTS + 20);
/**
 * Of each mode, what was worked out for it last (`renewContexts`): traps and returns go between the same two. What else it
 * depends on clears them.
 */
const MEMOS = AFTER_PAGE_SLOTS + 24;
const MEMO_BYTES = 48;
export const memos = { offset: MEMOS, bytes: 4 * MEMO_BYTES };
const Memo = {
  satp: 0,
  status: 8,
  fetchContext: 16,
  dataContext: 24,
  fetchTranslated: 32,
  dataTranslated: 36,
  flat: 40,
  known: 44,
};
/** Of mstatus, what it depends on. */
const CONTEXT_STATUS = flag(Status.SUM) | flag(Status.MXR) | flag(Status.MPRV) | (3n << BigInt(Status.MPP));
/** Machine mode's; satp never holds it. */
const MACHINE_SPACE = -1n;

const NOTHING = 0xff;

/** Has the loop look at everything before the next instruction. */
export const demandAttention = procedure("demandAttention", {}, "none", () => attention.set(u32(1)));

/**
 * A translation has left the TLB: so do the pages of it that the tables hold. One of another address space is in nobody's
 * hands, and what the tables hold of the current one at the same address is not it.
 */
export const forgetTranslation = procedure(
  "forgetTranslation",
  { virtual: "i64", size: "i32", current: "i32" },
  "none",
  ({ virtual, size, current }) => {
    when(size.ne(0), () => {
      forgetAll({});
      returns();
    });
    const space = spaceOf(dataContext.get());
    const data = hart.add(entryOf(virtual));
    const code = hart.add(codeEntryOf(virtual));
    const places = [
      { table: READ_TABLE, entry: local(data) },
      { table: WRITE_TABLE, entry: local(data) },
      { table: FETCH_TABLE, entry: local(code) },
    ];
    for (const { table, entry } of places) {
      const concerned = current.or(spaceOf(cell64("i64", entry, table)).ne(space));
      when(concerned, () => storeCell("i64", entry, u64(-1), table));
    }
    when(current, () => attention.set(u32(1)));
  },
);

const entryOf = (virtual: I64): I32 =>
  virtual
    .shrU(8)
    .toI32()
    .and((LOOKASIDE_ENTRIES - 1) << 4);
/** Where the fetch table has an address: user and kernel code at addresses of the same low bits must not collide. */
const codeEntryOf = (virtual: I64): I32 => {
  const page = local(virtual.shrU(12).toI32());
  page.set(page.xor(page.shrU(16)));
  return page
    .xor(page.shrU(8))
    .and(LOOKASIDE_ENTRIES - 1)
    .shl(4);
};
/** The tag of a page that is stored to with notice. No access can find it: the bits that lead to its entry differ. */
const codeTag = (tag: I64): I64 => tag.not();
const pageOf = (address: I64): I64 => address.and(-4096n);
/** The tag under which an access is remembered; a misaligned one is under none. */
const tagOf = (virtual: I64, bytes: I32): I64 =>
  virtual.and(bytes.sub(1).or(-4096).toS64()).or(dataContext.get());

/** Remembers an access that has been allowed, if the answer holds for its whole page. */
export const rememberAccess = procedure(
  "rememberAccess",
  { virtual: "i64", physical: "i64", access: "i32", mode: "i32" },
  "none",
  ({ virtual, physical, access, mode }) => {
    const page = local(pageOf(physical));
    when(access.eq(Access.execute).or(inRam(page, u32(4096)).isZero()), () => returns());
    const tag = local(pageOf(virtual).or(dataContext.get()));
    when(access.eq(Access.write), () => {
      const flags = local(cell32("u8", pageFlagCell(page)));
      when(flags.and(PageFlag.watched), () => returns());
      when(flags.and(PageFlag.code), () => tag.set(codeTag(tag)));
    });
    whenDenied({ address: page, bytes: 4096n, access, mode }, () => returns());
    const table = select32(access.eq(Access.write), WRITE_TABLE, READ_TABLE);
    const entry = local(hart.add(table).add(entryOf(virtual)));
    storeCell("i64", entry, tag);
    storeCell("i32", entry, ramCell(page).sub(pageOf(virtual).toI32()), ENTRY_TARGET);
  },
);

/**
 * Stores to a page of code as the write table remembers it, if it does; gives 1 if so. What else has come to want to know
 * of stores to the page hears of them by the usual way.
 */
export const storeToCode = (virtual: I64, bytes: I32, value: I64): I32 => {
  const done = local(u32(0));
  const entry = local(hart.add(entryOf(virtual)));
  when(cell64("i64", entry, WRITE_TABLE).eq(codeTag(tagOf(virtual, bytes))), () => {
    const place = local(cell32("i32", entry, WRITE_TABLE + ENTRY_TARGET).add(virtual.toI32()));
    const offset = local(ramOffset(place));
    const flags = cell32("u8", offset.shrU(12).add(setting32("pageFlags"))).and(NOTICED);
    when(flags.eq(PageFlag.code), () => {
      storeBytes(place, bytes, value);
      forget(offset, bytes);
      done.set(u32(1));
    });
  });
  return done;
};

/** Context bits above the address space: how the mode and mstatus change what an access may do. */
const kind = (mode: I32): I32 => {
  const status = state.mstatus.get();
  const supervisor = mode.eq(1).and(status.bit(Status.SUM));
  return mode.and(1).or(supervisor.shl(1)).or(status.bit(Status.MXR).shl(2));
};

/** What a table remembers of the page of an address: what added to an address gives its place; 0 for nothing. */
const rememberedIn = (table: number, entry: I32, virtual: I64, context: I64): I32 => {
  const known = cell64("i64", entry, table).eq(pageOf(virtual).or(context));
  return select32(known, cell32("i32", entry, table + ENTRY_TARGET), 0);
};

const rememberedData = (table: number, virtual: I64): I32 =>
  rememberedIn(table, local(hart.add(entryOf(virtual))), virtual, dataContext.get());

/** Where a load finds the page of an address, as what is added to the address; 0 where no table says it. */
export const rememberedRead = (virtual: I64): I32 => rememberedData(READ_TABLE, virtual);
/** The same for a store. */
export const rememberedWrite = (virtual: I64): I32 => rememberedData(WRITE_TABLE, virtual);

/** Where a store finds a page of code, if the table says so. */
export const rememberedCodeWrite = (virtual: I64): I32 => {
  const entry = local(hart.add(entryOf(virtual)));
  const known = cell64("i64", entry, WRITE_TABLE).eq(codeTag(pageOf(virtual).or(dataContext.get())));
  return select32(known, cell32("i32", entry, WRITE_TABLE + ENTRY_TARGET), 0);
};

/** The decoded page that holds the instruction at an address, as far as it is remembered; 0 otherwise. */
export const rememberedCode = procedure("rememberedCode", { pc: "i64" }, "i32", ({ pc }) =>
  rememberedIn(FETCH_TABLE, local(hart.add(codeEntryOf(pc))), pc, fetchContext.get()),
);

/** A data access was counted as a hit before it was known to be looked up anew. */
export const uncountData = () => state.tlbHits.set(state.tlbHits.get().sub(dataTranslated.get().toU64()));

/** A data access has hit. */
export const countData = () => state.tlbHits.set(state.tlbHits.get().add(dataTranslated.get().toU64()));

/** The place of an aligned access, if the tables remember its page: a hit, which is counted. */
export const placeRemembered = procedure(
  "placeRemembered",
  { virtual: "i64", bytes: "i32", access: "i32" },
  "i32",
  ({ virtual, bytes, access }) => {
    const table = select32(access.eq(Access.write), WRITE_TABLE, READ_TABLE);
    const entry = local(hart.add(table).add(entryOf(virtual)));
    when(cell64("i64", entry).ne(tagOf(virtual, bytes)), () => returns(u32(0)));
    countData();
    return cell32("i32", entry, ENTRY_TARGET).add(virtual.toI32());
  },
);

/** The number of an address space at its place in a tag. */
const spaceOf = (tag: I64): I64 => tag.and(SPACES << 6);

/** Where an address space has its number, by its ASID or, without one, by its page table. */
const spaceEntry = (key: I64): I32 => {
  const asid = key.bits(44, 16);
  const low = select(asid.eq(0), key, asid).toI32();
  return hart.add(low.and(SPACES).shl(4));
};

const clearMemos = () => fillCells(hart.add(memos.offset), 0, u32(memos.bytes));

/** Numbers begin anew when they run out, with nothing remembered under the old ones. */
const renumber = procedure("renumber", {}, "none", () => {
  fillCells(hart.add(READ_TABLE), NOTHING, u32(3 * TABLE_BYTES));
  fillCells(hart.add(SPACE_TABLE), 0, u32(SPACE_BYTES));
  lastSpace.set(u32(0));
  forgottenSpace.set(u32(0));
  clearMemos();
});

/** The context in which an access is made in a mode. Machine mode has a number like an address space. */
const contextOf = procedure("contextOf", { mode: "i32" }, "i64", ({ mode }) => {
  const key = local(select(mode.eq(3), MACHINE_SPACE, state.satp.get()));
  const entry = local(spaceEntry(key));
  const number = local(cell32("i32", entry, SPACE_TABLE + SPACE_NUMBER));
  when(number.leU(forgottenSpace.get()).or(cell64("i64", entry, SPACE_TABLE).ne(key)), () => {
    number.set(lastSpace.get().add(1));
    lastSpace.set(number);
    storeCell("i64", entry, key, SPACE_TABLE);
    storeCell("i32", entry, number, SPACE_TABLE + SPACE_NUMBER);
  });
  return number
    .shl(3)
    .or(select32(mode.eq(3), 0, kind(mode)))
    .shl(3)
    .toU64();
});

const workOutContexts = procedure("workOutContexts", {}, "none", () => {
  // Both contexts may need a number, and neither may be one of before.
  when(lastSpace.get().gtU(SPACES - 3), () => renumber({}));
  const translated = local(state.satp.get().shrU(60).ne(0));
  const mode = local(state.mode.get());
  const data = local(dataMode());
  const context = local(contextOf({ mode }));
  fetchContext.set(context);
  when(data.ne(mode), () => context.set(contextOf({ mode: data })));
  dataContext.set(context);
  fetchTranslated.set(translated.and(mode.ne(3)));
  dataTranslated.set(translated.and(data.ne(3)));
  const flat = local(dataTranslated.get().isZero());
  when(flat, () => {
    const ram = { address: RAM_BASE, bytes: setting64("ramBytes"), mode: data };
    for (const access of [Access.read, Access.write]) whenDenied({ ...ram, access }, () => flat.set(0));
  });
  memoryIsFlat.set(flat);
});

/** What `renewContexts` leaves, and where a memo has it. */
const remembered32 = [
  [fetchTranslated, Memo.fetchTranslated],
  [dataTranslated, Memo.dataTranslated],
  [memoryIsFlat, Memo.flat],
] as const;
const remembered64 = [
  [fetchContext, Memo.fetchContext],
  [dataContext, Memo.dataContext],
] as const;

/** Contexts, translation and whether memory is flat: from mode, satp and mstatus, or as they were when these were the same. */
export const renewContexts = procedure("renewContexts", {}, "none", () => {
  const memo = local(hart.add(state.mode.get().mul(MEMO_BYTES)).add(MEMOS));
  const status = local(state.mstatus.get().and(CONTEXT_STATUS));
  const same = cell64("i64", memo, Memo.satp)
    .eq(state.satp.get())
    .and(cell64("i64", memo, Memo.status).eq(status));
  when(cell32("i32", memo, Memo.known).and(same), () => {
    for (const [field, at] of remembered64) field.set(cell64("i64", memo, at));
    for (const [field, at] of remembered32) field.set(cell32("i32", memo, at));
    returns();
  });
  workOutContexts({});
  storeCell("i64", memo, state.satp.get(), Memo.satp);
  storeCell("i64", memo, status, Memo.status);
  storeCell("i32", memo, u32(1), Memo.known);
  for (const [field, at] of remembered64) storeCell("i64", memo, field.get(), at);
  for (const [field, at] of remembered32) storeCell("i32", memo, field.get(), at);
});

/** Forgets everything about the executing hart: numbers given so far are not given again until all is cleared. */
export const forgetAll = procedure("forgetAll", {}, "none", () => {
  forgottenSpace.set(lastSpace.get());
  clearMemos();
  renewContexts({});
  attention.set(u32(1));
});

/** Every slot executed counts as a hit; a fetch that is translated anew counts itself, so its slot must not. */
const uncountFetch = () => state.tlbHits.set(state.tlbHits.get().sub(fetchTranslated.get().toU64()));

/** Time passes: `slots` instructions have been executed, each of them fetched with a hit. */
export const pass = (slots: I32): void => {
  const n = local(slots.toU64());
  state.clock.set(state.clock.get().add(n));
  state.retired.set(state.retired.get().add(n));
  state.tlbHits.set(state.tlbHits.get().add(select(fetchTranslated.get(), n, 0)));
};

/** Time passes, with so many loads and stores that hit. */
export const count = procedure("count", { slots: "i32", hits: "i32" }, "none", ({ slots, hits }) => {
  pass(slots);
  state.tlbHits.set(state.tlbHits.get().add(select(dataTranslated.get(), hits.toU64(), 0)));
});

/** The decoded page that holds the instruction at pc; 0 when its page cannot be executed from as a whole. */
export const locateCode = procedure("locateCode", { pc: "i64" }, "i32", ({ pc }) => {
  uncountFetch();
  const mode = state.mode.get();
  const address = local(translate({ virtual: pc, access: Access.execute, mode }));
  const page = local(pageOf(address));
  when(inRam(page, u32(4096)).isZero(), () => returns(u32(0)));
  whenDenied({ address: page, bytes: 4096n, access: Access.execute, mode }, () => returns(u32(0)));
  const decoded = local(decodedPage({ offset: page.sub(RAM_BASE).toI32() }));
  const entry = local(hart.add(codeEntryOf(pc)));
  storeCell("i64", entry, pageOf(pc).or(fetchContext.get()), FETCH_TABLE);
  storeCell("i32", entry, decoded, FETCH_TABLE + ENTRY_TARGET);
  return decoded;
});

/** Fetches and decodes the instruction at pc by itself: it crosses a page, or `locateCode` could not help. */
export const fetchAlone = procedure("fetchAlone", { pc: "i64" }, "i32", ({ pc }) => {
  // The first translation of one that `locateCode` gave up on is counted twice: there, and in `fetch`.
  uncountFetch();
  const word = fetch({ pc });
  return decodeAlone({ word, offset: pc.toI32().and(0xfff) });
});

/** Raises an illegal-instruction exception for a slot that decodes to nothing. */
export const raiseIllegal = procedure("raiseIllegal", { word: "i32" }, "none", ({ word }) =>
  raise(Cause.illegalInstruction, word.toU64()),
);
