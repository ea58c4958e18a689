/**
 * Decoded code. A page of RAM that is executed from has a decoded page beside it: one slot per halfword, and two more
 * for what follows the page's end. A slot says which handler executes the instruction there and where its operands
 * are. The first few handlers are no
 * instructions: 0 decodes the slot, 1 goes back to fetching.
 */

/** Bytes of a slot: handler (2), rd, rs1, rs2 as offsets into a register file (2 each), immediate (4), encoding (4). */
export const SLOT_BYTES = 16;
export const SlotOffset = { handler: 0, rd: 2, rs1: 4, rs2: 6, immediate: 8, rs3: 8, encoding: 12 } as const;

/** Guest bytes are 1/8 of slot bytes: a halfword is 16 bytes of slots. */
export const SLOT_SHIFT = 3;

export const SLOTS_PER_PAGE = 2048;
/** The slots for one page of code with the two after its end. */
export const DECODED_PAGE_BYTES = (SLOTS_PER_PAGE + 2) * SLOT_BYTES;
/** Distance between a page's first slot and its first slot after the end. */
export const PAGE_SPAN = SLOTS_PER_PAGE * SLOT_BYTES;

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
/** What is kept of each, so that the interpreter can enter it or execute its first instruction instead. */
export const REGION_BYTES = 8;
export const RegionOffset = {
  /** Slots that must be left to enter it; all ones when it is no longer true to its code (4 bytes). */
  need: 0,
  /** The handler that its entry had (2 bytes). */
  handler: 4,
} as const;
