/**
 * What the interpreter remembers about translations: three direct-mapped tables (loads, stores, fetches) of pages whose
 * accesses need no further check. Everything in them is in the architectural TLB too and leaves it together with it.
 *
 * A tag is the virtual page with a context number in bits 3 to 11, which stands for satp, mode, SUM and MXR, so that
 * changing these forgets nothing. The low three bits are zero, so that a misaligned access misses.
 */
import { ENGINE_OFFSET, state } from "../../hart/layout.ts";
import type { I32, I64 } from "../../language/expression.ts";
import { cell32, cell64, hart, select, select32, u32 } from "../../language/expression.ts";
import { hostProcedure, procedure } from "../../language/procedure.ts";
import { fillCells, local, raise, returns, storeCell, when, whilst } from "../../language/statement.ts";
import { Access } from "../../memory/access.ts";
import { inRam, pageFlagCell, RAM_BASE, ramCell } from "../../memory/physical.ts";
import { pmpAllows } from "../../memory/pmp.ts";
import { translate } from "../../memory/translate.ts";
import { dataMode, fetch } from "../../memory/virtual.ts";
import { Cause } from "../../trap/cause.ts";
import { Status } from "../../trap/status.ts";

export const LOOKASIDE_ENTRIES = 256;
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
const currentSpace = field32(FIELDS + 32);
export const nextSpace = field32(FIELDS + 36);
/** While a region executes: slots that were left when slots were last counted. */
export const counted = field32(FIELDS + 40);
/** Set when a region could not be entered, or was left, for want of slots. */
export const cutShort = field32(FIELDS + 44);
/** What the last access that a region could not make by itself has taught it: a page, and where to find it (or 0). */
export const foundPage = field64(FIELDS + 48);
export const foundTarget = field32(FIELDS + 56);
/** satp values that have a context number. */
const SPACES = 63;
const SPACE_TABLE = FIELDS + 64;

const NEVER = 0xff;

/** Has the loop look at everything before the next instruction. */
export const demandAttention = procedure("demandAttention", {}, "none", () => attention.set(u32(1)));

/** Forgets everything about the executing hart. */
export const forgetAll = procedure("forgetAll", {}, "none", () => {
  fillCells(hart.add(READ_TABLE), NEVER, u32(3 * TABLE_BYTES));
  attention.set(u32(1));
});

/** A translation has left the TLB: so do the pages of it that the tables hold. */
export const forgetTranslation = procedure(
  "forgetTranslation",
  { virtual: "i64", size: "i32" },
  "none",
  ({ virtual, size }) => {
    when(size.ne(0), () => {
      forgetAll({});
      returns();
    });
    const entry = local(hart.add(entryOf(virtual)));
    for (const table of [READ_TABLE, WRITE_TABLE, FETCH_TABLE])
      storeCell("i64", entry, u32(-1).toS64(), table);
    attention.set(u32(1));
  },
);

const entryOf = (virtual: I64): I32 =>
  virtual
    .shrU(8)
    .toI32()
    .and((LOOKASIDE_ENTRIES - 1) << 4);
const pageOf = (address: I64): I64 => address.and(-4096n);

/** Remembers an access that has been allowed, if the answer holds for its whole page. */
export const rememberAccess = procedure(
  "rememberAccess",
  { virtual: "i64", physical: "i64", access: "i32", mode: "i32" },
  "none",
  ({ virtual, physical, access, mode }) => {
    const page = local(pageOf(physical));
    when(access.eq(Access.execute).or(inRam(page, u32(4096)).isZero()), () => returns());
    // Stores to pages with flags are reported to the host, so they keep to the slow path.
    when(access.eq(Access.write).and(cell32("u8", pageFlagCell(page)).ne(0)), () => returns());
    when(pmpAllows({ address: page, bytes: 4096n, access, mode }).isZero(), () => returns());
    const table = select32(access.eq(Access.write), WRITE_TABLE, READ_TABLE);
    const entry = local(hart.add(table).add(entryOf(virtual)));
    storeCell("i64", entry, pageOf(virtual).or(dataContext.get()));
    storeCell("i32", entry, ramCell(page).sub(pageOf(virtual).toI32()), ENTRY_TARGET);
  },
);

/** Context bits above the address space: how the mode and mstatus change what an access may do. */
const kind = (mode: I32): I32 => {
  const status = state.mstatus.get();
  const supervisor = mode.eq(1).and(status.bit(Status.SUM));
  return mode.and(1).or(supervisor.shl(1)).or(status.bit(Status.MXR).shl(2));
};

/** What a table remembers of the page of an address: what added to an address gives its place; 0 for nothing. */
const rememberedIn = (table: number, virtual: I64, context: I64): I32 => {
  const entry = local(hart.add(entryOf(virtual)));
  const known = cell64("i64", entry, table).eq(pageOf(virtual).or(context));
  return select32(known, cell32("i32", entry, table + ENTRY_TARGET), 0);
};

/** Where a load finds the page of an address, as what is added to the address; 0 where no table says it. */
export const rememberedRead = (virtual: I64): I32 => rememberedIn(READ_TABLE, virtual, dataContext.get());
/** The same for a store. */
export const rememberedWrite = (virtual: I64): I32 => rememberedIn(WRITE_TABLE, virtual, dataContext.get());

/** The decoded page that holds the instruction at an address, as far as it is remembered; 0 otherwise. */
export const rememberedCode = procedure("rememberedCode", { pc: "i64" }, "i32", ({ pc }) =>
  rememberedIn(FETCH_TABLE, pc, fetchContext.get()),
);

/** A data access was counted as a hit before it was known to be looked up anew. */
export const uncountData = () => state.tlbHits.set(state.tlbHits.get().sub(dataTranslated.get().toU64()));

/** Finds the number of the address space in satp, or gives it one; when they run out all start anew. */
const numberSpace = procedure("numberSpace", {}, "i32", () => {
  const satp = local(state.satp.get());
  const cellOf = (space: I32) => hart.add(space.shl(3));
  const known = (space: I32) => cell64("i64", cellOf(space), SPACE_TABLE).eq(satp);
  const space = local(currentSpace.get());
  when(known(space), () => returns(space));
  space.set(u32(0));
  whilst(space.ltU(nextSpace.get()), () => {
    when(known(space), () => {
      currentSpace.set(space);
      returns(space);
    });
    space.set(space.add(1));
  });
  when(nextSpace.get().eq(SPACES), () => {
    forgetAll({});
    nextSpace.set(u32(0));
  });
  space.set(nextSpace.get());
  nextSpace.set(space.add(1));
  storeCell("i64", cellOf(space), satp, SPACE_TABLE);
  currentSpace.set(space);
  return space;
});

/** Machine mode is one context of its own, the last; its accesses are not translated. */
const MACHINE_CONTEXT = SPACES << 6;

/** Works out the contexts from mode, satp and mstatus. */
export const renewContexts = procedure("renewContexts", {}, "none", () => {
  const space = local(numberSpace({}).shl(6));
  const translated = state.satp.get().shrU(60).ne(0);
  const mode = local(state.mode.get());
  const data = local(dataMode());
  const context = (m: I32) => select32(m.eq(3), MACHINE_CONTEXT, space.or(kind(m).shl(3))).toU64();
  fetchContext.set(context(mode));
  dataContext.set(context(data));
  fetchTranslated.set(translated.and(mode.ne(3)));
  dataTranslated.set(translated.and(data.ne(3)));
});

/** The decoded page for a page of RAM; `offset` is the page's offset in RAM. */
const decodedPage = hostProcedure("decodedPage", { offset: "i32" }, "i32");
/** Decodes one instruction into the slot of the scratch page that belongs to its address; gives that page. */
const decodeAlone = hostProcedure("decodeAlone", { word: "i32", offset: "i32" }, "i32");

/** Every slot executed counts as a hit; a fetch that is translated anew counts itself, so its slot must not. */
const uncountFetch = () => state.tlbHits.set(state.tlbHits.get().sub(fetchTranslated.get().toU64()));

/** Time passes: `slots` instructions have been executed, each of them fetched with a hit. */
export const advance = procedure("advance", { slots: "i32" }, "none", ({ slots }) => {
  const n = local(slots.toU64());
  state.clock.set(state.clock.get().add(n));
  state.retired.set(state.retired.get().add(n));
  state.tlbHits.set(state.tlbHits.get().add(select(fetchTranslated.get(), n, 0)));
});

/** Adds loads and stores that hit to the TLB's counter. */
export const countDataHits = procedure("countDataHits", { hits: "i32" }, "none", ({ hits }) => {
  state.tlbHits.set(state.tlbHits.get().add(select(dataTranslated.get(), hits.toU64(), 0)));
});

/** The decoded page that holds the instruction at pc; 0 when its page cannot be executed from as a whole. */
export const locateCode = procedure("locateCode", { pc: "i64" }, "i32", ({ pc }) => {
  uncountFetch();
  const mode = state.mode.get();
  const address = local(translate({ virtual: pc, access: Access.execute, mode }));
  const page = local(pageOf(address));
  when(inRam(page, u32(4096)).isZero(), () => returns(u32(0)));
  when(pmpAllows({ address: page, bytes: 4096n, access: Access.execute, mode }).isZero(), () =>
    returns(u32(0)),
  );
  const decoded = local(decodedPage({ offset: page.sub(RAM_BASE).toI32() }));
  const entry = local(hart.add(FETCH_TABLE).add(entryOf(pc)));
  storeCell("i64", entry, pageOf(pc).or(fetchContext.get()));
  storeCell("i32", entry, decoded, ENTRY_TARGET);
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
