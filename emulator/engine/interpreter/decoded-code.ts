/**
 * Decoded code as the interpreter works with it: finding a page's, decoding slots when they are first executed, and
 * forgetting them when their bytes are stored to. Only words not seen lately, and pages that come or go, are left to the
 * host (code-pages.ts).
 */
import {
  cell32,
  cell64,
  type I32,
  type I64,
  select32,
  setting32,
  u32,
  u64,
} from "../../language/expression.ts";
import { hostProcedure, procedure } from "../../language/procedure.ts";
import { local, returns, storeCell, when, whilst } from "../../language/statement.ts";
import {
  DECODED_PAGE_BYTES,
  DecodedCode,
  Handler,
  LINE_BYTES,
  PAGE_SPAN,
  PAIRED_HANDLERS,
  PageRecord,
  RECENT_WORDS,
  SLOT_BYTES,
  SLOT_SHIFT,
  SlotOffset,
} from "./slot.ts";

/** Makes the decoded page for the page of RAM at an offset; gives its address. */
const makeDecodedPage = hostProcedure("makeDecodedPage", { offset: "i32" }, "i32");
/** Gives up the decoded page for the page of RAM at an offset. */
const dropDecodedPage = hostProcedure("dropDecodedPage", { offset: "i32" }, "none");
/** Fills a slot with what a word decodes to, as the host finds out. */
const decodeWord = hostProcedure("decodeWord", { word: "i32", slot: "i32" }, "none");

/** Tells of a store to what something was translated from. */
const translatedCodeStored = hostProcedure("translatedCodeStored", { offset: "i32", bytes: "i32" }, "none");

/** Stores into a page of code that hit no instruction, before the page counts as data again. */
const DATA_STORES = 64;
/** The same where code of the page is translated, which all goes then: it may be in use. */
const DATA_STORES_BESIDE_REGIONS = 2 ** 22;
/** Bytes of code decoded at once. */
const RUN = 32;
/** 2^32 divided by the golden ratio spreads similar words over the table of recent ones. */
const SPREAD = 0x9e37_79b1;

const room = setting32("decodedCode");
const handlerOf = (slot: I32): I32 => cell32("u16", slot, SlotOffset.handler);
const setHandler = (slot: I32, handler: number): void =>
  storeCell("u16", slot, u32(handler), SlotOffset.handler);

const pageNumbered = (index: I32): I32 => room.add(DecodedCode.pages).add(index.mul(DECODED_PAGE_BYTES));
const indexOf = (offset: I32): I32 => cell32("u16", room.add(offset.shrU(12).shl(1)), DecodedCode.index);

/** Address of the decoded page for the page of RAM at an offset, made if need be. */
export const decodedPage = procedure("decodedPage", { offset: "i32" }, "i32", ({ offset }) => {
  const index = local(indexOf(offset));
  when(index.isZero(), () => returns(makeDecodedPage({ offset })));
  return pageNumbered(index);
});

/** A slot with what a word decodes to, for those to copy that have this word; a compressed one has no high half. */
const recentSlot = (word: I32): I32 => {
  const place = word
    .mul(SPREAD)
    .shrU(32 - Math.log2(RECENT_WORDS))
    .mul(SLOT_BYTES);
  const recent = local(room.add(DecodedCode.recent).add(place));
  const known = cell32("i32", recent, SlotOffset.encoding).eq(word);
  when(known.isZero(), () => decodeWord({ word, slot: recent }));
  return recent;
};

const copySlot = (from: I32, to: I32): void => {
  for (const half of [0, 8]) storeCell("i64", to, cell64("i64", from, half), half);
};

/** The handler of the pair that these two are, or 0. What executes no instruction is in no pair. */
const pairOf = (first: I32, second: I32): I32 =>
  cell32("u16", room.add(first.mul(PAIRED_HANDLERS).add(second).shl(1)), DecodedCode.pairs);

/**
 * Decodes the instruction of a slot, and those that follow it up to the end of the page or to what is decoded. The first
 * of two that are a pair gets their handler; the second keeps its own, for jumps to it, and begins no other pair.
 */
export const decodeSlots = procedure(
  "decodeSlots",
  { page: "i32", slot: "i32" },
  "none",
  ({ page, slot }) => {
    const source = local(cell32("i32", page, PageRecord.source).add(slot.sub(page).shrU(SLOT_SHIFT)));
    const end = local(slot.add(RUN << SLOT_SHIFT));
    const before = local(slot);
    const first = local(u32(Handler.undecoded));
    whilst(slot.ltU(end).and(handlerOf(slot).eq(Handler.undecoded)), () => {
      const place = slot.sub(page).shrU(Math.log2(SLOT_BYTES));
      when(cell32("u8", room.add(place), DecodedCode.breaks), () => {
        setHandler(slot, Handler.breakpoint);
        returns();
      });
      const word = local(cell32("u16", source));
      const bytes = local(u32(2));
      when(word.and(3).eq(3), () => {
        when(slot.eq(page.add(PAGE_SPAN - SLOT_BYTES)), () => {
          setHandler(slot, Handler.crossing);
          returns();
        });
        word.set(cell32("i32", source));
        bytes.set(u32(4));
      });
      const recent = recentSlot(word);
      copySlot(recent, slot);
      const handler = local(handlerOf(recent));
      const second = local(select32(handler.ltU(PAIRED_HANDLERS), handler, Handler.undecoded));
      const pair = local(pairOf(first, second));
      when(pair, () => {
        storeCell("u16", before, pair, SlotOffset.handler);
        // It begins no other pair.
        second.set(u32(Handler.undecoded));
      });
      first.set(second);
      before.set(slot);
      slot.set(slot.add(bytes.shl(SLOT_SHIFT)));
      source.set(source.add(bytes));
    });
  },
);

/** Frees the slot of the scratch page that belongs to an address; gives that page. */
const scratchSlot = (offset: I32) => {
  const page = local(pageNumbered(u32(0)));
  setHandler(cell32("i32", page, PageRecord.source), Handler.refetch);
  const slot = local(page.add(offset.shl(SLOT_SHIFT)));
  storeCell("i32", page, slot, PageRecord.source);
  return { page, slot };
};

/** Decodes one instruction into the slot of the scratch page that belongs to its address; gives that page. */
export const decodeAlone = procedure(
  "decodeAlone",
  { word: "i32", offset: "i32" },
  "i32",
  ({ word, offset }) => {
    const { page, slot } = scratchSlot(offset);
    copySlot(recentSlot(word), slot);
    return page;
  },
);

/** Copies a decoded slot to the scratch page, with another handler; gives that page. */
export const setAside = procedure(
  "setAside",
  { slot: "i32", handler: "i32", pc: "i32" },
  "i32",
  ({ slot, handler, pc }) => {
    const { page, slot: copy } = scratchSlot(pc.and(0xfff));
    copySlot(slot, copy);
    storeCell("u16", copy, handler, SlotOffset.handler);
    return page;
  },
);

/** The lines that bytes of a page lie in, as bits. */
const linesOf = (first: I32, bytes: I32): I64 => {
  const lineAt = (place: I32) => place.shrU(Math.log2(LINE_BYTES)).toU64();
  const from = u64(-1).shl(lineAt(first));
  const to = u64(-1).shrU(u64(63).sub(lineAt(first.add(bytes).sub(1))));
  return local(from.and(to));
};

/** The lines of a decoded page that something was translated from. */
const translatedOf = (page: I32): I64 => cell64("i64", page, PageRecord.translatedLines);

/** Has what lies in some bytes of a page be decoded anew. Gives 0 once the page is to count as data. */
const clearSlots = (page: I32, first: I32, bytes: I32, lines: I64): I32 => {
  const from = local(first.and(0xffe));
  const end = local(page.add(first.add(bytes).shl(SLOT_SHIFT)));
  // A 32-bit instruction may begin one halfword before.
  const slot = local(page.add(select32(from.isZero(), 0, from.sub(2)).shl(SLOT_SHIFT)));
  const hit = local(u32(0));
  whilst(slot.ltU(end), () => {
    hit.set(hit.or(handlerOf(slot)));
    setHandler(slot, Handler.undecoded);
    slot.set(slot.add(SLOT_BYTES));
  });
  const isCode = local(u32(1));
  when(
    hit,
    () => {
      const rewritten = cell64("i64", page, PageRecord.rewrittenLines).or(lines);
      storeCell("i64", page, rewritten, PageRecord.rewrittenLines);
    },
    () => {
      const stores = local(cell32("i32", page, PageRecord.dataStores).add(1));
      storeCell("i32", page, stores, PageRecord.dataStores);
      const most = select32(translatedOf(page).eq(0), DATA_STORES, DATA_STORES_BESIDE_REGIONS);
      isCode.set(stores.ltU(most));
    },
  );
  return isCode;
};

/** What `forgetCode` does, where a call would take as long again. */
export const forget = (offset: I32, bytes: I32): void => {
  const index = local(indexOf(offset));
  when(index, () => {
    const page = local(pageNumbered(index));
    const first = local(offset.and(0xfff));
    const lines = linesOf(first, bytes);
    const isCode = clearSlots(page, first, bytes, lines);
    when(translatedOf(page).and(lines).ne(0), () => translatedCodeStored({ offset, bytes }));
    when(isCode.isZero(), () => dropDecodedPage({ offset }));
  });
};

/**
 * What was decoded from bytes of a page of code is forgotten before they are stored to; until then nothing may be decoded.
 * Gives 0 where stores must be told of one by one: something was translated from these lines, or the page is to count as data.
 */
export const forgetAhead = procedure(
  "forgetAhead",
  { offset: "i32", bytes: "i32" },
  "i32",
  ({ offset, bytes }) => {
    const page = local(pageNumbered(indexOf(offset)));
    const first = local(offset.and(0xfff));
    const lines = linesOf(first, bytes);
    when(translatedOf(page).and(lines).ne(0), () => returns(u32(0)));
    return clearSlots(page, first, bytes, lines);
  },
);

/** At most 64 bytes of one page of RAM have changed: what was decoded from them is decoded anew when it is next executed. */
export const forgetCode = procedure(
  "forgetCode",
  { offset: "i32", bytes: "i32" },
  "none",
  ({ offset, bytes }) => forget(offset, bytes),
);
