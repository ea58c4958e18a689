/**
 * Decoded code. A page of RAM that is executed from has a decoded page beside it: one slot per halfword, and two more
 * for what follows the page's end. A slot says which handler executes the instruction there and where its operands
 * are. The first few handlers are no instructions: 0 decodes the slot, 1 goes back to fetching. Some execute the
 * instruction of the slot that follows, too (handlers.ts).
 */

/** Bytes of a slot: handler (2), rd, rs1, rs2 as offsets into a register file (2 each), immediate (4), encoding (4). */
export const SLOT_BYTES = 16;
export const SlotOffset = { handler: 0, rd: 2, rs1: 4, rs2: 6, immediate: 8, rs3: 8, encoding: 12 } as const;

/** Guest bytes are 1/8 of slot bytes: a halfword is 16 bytes of slots. */
export const SLOT_SHIFT = 3;

export const SLOTS_PER_PAGE = 2048;
/** A line of code: a decoded page has a bit for each, and the translator looks at what lies on one together. */
export const LINE_BYTES = 64;
/** The number of the line that an offset in RAM lies on. */
export const lineOf = (place: number): number => Math.floor(place / LINE_BYTES);
/** Distance between a page's first slot and its first slot after the end. */
export const PAGE_SPAN = SLOTS_PER_PAGE * SLOT_BYTES;
/** What stands behind a decoded page's slots. */
export const PageRecord = {
  /** Address in machine memory of the page of RAM (4 bytes); on the scratch page, of the slot decoded last. */
  source: PAGE_SPAN + 2 * SLOT_BYTES,
  /** Stores to the page that hit no instruction (4 bytes). */
  dataStores: PAGE_SPAN + 2 * SLOT_BYTES + 4,
  /** One bit for each line of 64 bytes that something was translated from (8 bytes). */
  translatedLines: PAGE_SPAN + 2 * SLOT_BYTES + 8,
  /** One bit for each line that was stored to after it had been decoded (8 bytes). */
  rewrittenLines: PAGE_SPAN + 2 * SLOT_BYTES + 16,
} as const;
/** The slots for one page of code with the two after its end, and the record. */
export const DECODED_PAGE_BYTES = PAGE_SPAN + 4 * SLOT_BYTES;

/** Pages of code kept decoded; the first is the scratch page, for instructions by themselves. */
export const DECODED_PAGES = 2048;
/** Words decoded before are kept as the slots they became, each at one place. */
export const RECENT_WORDS = 16384;
/** Handlers below this one may execute the first or the second instruction of a pair. */
export const PAIRED_HANDLERS = 64;
const PAIRS = RECENT_WORDS * SLOT_BYTES + SLOTS_PER_PAGE;
const USED = PAIRS + PAIRED_HANDLERS * PAIRED_HANDLERS * 2;
const PAGES = USED + SLOT_BYTES;
/** The room for decoded code. */
export const DecodedCode = {
  recent: 0,
  /** One byte for each place in a page: whether a breakpoint may be there. Decoded pages know no virtual addresses. */
  breaks: RECENT_WORDS * SLOT_BYTES,
  /** The handler of a pair, by the handlers of the first (rows) and the second (2 bytes each, 0 for no pair). */
  pairs: PAIRS,
  /** Up to which number decoded pages have ever been used (4 bytes): the others are clear. */
  used: USED,
  pages: PAGES,
  /** Which page of RAM has which decoded page (2 bytes each, 0 for none). */
  index: PAGES + DECODED_PAGES * DECODED_PAGE_BYTES,
} as const;
/** Bytes of machine memory that decoded code needs beside so much RAM. */
export const decodedCodeBytes = (ramBytes: number): number => DecodedCode.index + (ramBytes >>> 12) * 2;

export const Handler = {
  undecoded: 0,
  refetch: 1,
  crossing: 2,
  illegal: 3,
  breakpoint: 4,
  firstInstruction: 5,
  /** From here on: the entry of translated region `handler - firstRegion`. */
  firstRegion: 1024,
} as const;

/** Translated regions there may be at a time. */
export const MOST_REGIONS = 16384;
/** Places that regions go on at and that may be translated later: of each, the number of its region, plus one. */
export const MOST_LINKS = 65536;
export const LINK_BYTES = 4;
/** How often regions were left for a place is counted in a table of halfwords, by bits 1 and up of its address. */
export const EXIT_COUNTERS = 4096;
export const EXIT_COUNTER_BYTES = 2;
/** What is kept of each region, so that the interpreter can enter it or execute its first instruction instead. */
export const REGION_BYTES = 8;
export const RegionOffset = {
  /** Slots that must be left to enter it; all ones when it is no longer true to its code (4 bytes). */
  need: 0,
  /** The handler that its entry had (2 bytes). */
  handler: 4,
} as const;
/** Where links and counters are, behind the records of regions. */
export const LINKS_OFFSET = MOST_REGIONS * REGION_BYTES;
export const EXITS_OFFSET = LINKS_OFFSET + MOST_LINKS * LINK_BYTES;
/** Where records of traces are, behind them (trace.ts). */
export const TRACE_OFFSET = EXITS_OFFSET + EXIT_COUNTERS * EXIT_COUNTER_BYTES;

/**
 * The counter that goes through translated code holds the slots left, from this bit on, and below it the data accesses
 * that hit: what a block changes of both is one constant that machine instructions can hold, and to compare slots is to
 * compare counters.
 */
export const SLOTS_BIT = 22;
/** The most slots in a counter: an instruction makes up to two accesses. */
export const MOST_SLOTS = 2 ** (SLOTS_BIT - 1) - 1;
