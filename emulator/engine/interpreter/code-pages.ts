/** The decoded pages: made when code is first executed, given up when they are no longer code, or to make room for others. */
import { X_SINK } from "../../hart/layout.ts";
import type { Decoder } from "../../isa/decode.ts";
import type { Instruction } from "../../isa/instruction.ts";
import { flagPage, PageFlag } from "../../memory/physical.ts";
import type { Handlers, Pair } from "./handlers.ts";
import {
  DECODED_PAGE_BYTES,
  DECODED_PAGES,
  DecodedCode,
  Handler,
  PAIRED_HANDLERS,
  PageRecord,
  SLOT_BYTES,
  SLOT_SHIFT,
  SLOTS_PER_PAGE,
  SlotOffset,
} from "./slot.ts";

export interface CodeMemory {
  readonly buffer: ArrayBufferLike;
  /** Where RAM begins in machine memory. */
  readonly ram: number;
  /** `pageFlagsOf` it. */
  readonly pageFlags: Uint8Array;
  readonly ramBytes: number;
  /** The room for decoded code (slot.ts). */
  readonly room: number;
}

/** What the generated module does with decoded code (decoded-code.ts). */
export interface DecodedCodeProcedures {
  decodeSlots(page: number, slot: number): void;
  forgetCode(offset: number, bytes: number): void;
}

/** Tells that what harts remember is out of date. */
export interface CodeEvents {
  /** A page of RAM may no longer be stored to without notice. */
  pageBecameCode(): void;
  /** Decoded pages have moved or gone. */
  pagesDropped(): void;
  /** The decoded page of this page of RAM goes; of all pages where none is named. */
  pageGoes(page?: number): void;
}

export class CodePages {
  readonly #memory: CodeMemory;
  readonly #decode: Decoder;
  readonly #procedures: DecodedCodeProcedures;
  readonly #events: CodeEvents;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #forms: ReadonlyMap<Instruction, Form>;
  /** Pages of RAM that are decoded; what was decoded first is first. */
  readonly #decoded = new Set<number>();
  /** Pages of RAM that something translated relies on. */
  readonly #relied = new Set<number>();
  readonly #free: number[] = [];
  #evictions = 0;
  /** Numbers that are left to pages of RAM which have not been decoded yet. */
  readonly #reserved = new Map<number, number>();

  constructor(
    memory: CodeMemory,
    decode: Decoder,
    handlers: Handlers,
    procedures: DecodedCodeProcedures,
    events: CodeEvents,
  ) {
    this.#memory = memory;
    this.#decode = decode;
    this.#procedures = procedures;
    this.#events = events;
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#forms = new Map(Array.from(handlers.byInstruction, ([i, handler]) => [i, formOf(i, handler)]));
    // Another engine, with other handlers, may have been here before.
    this.#bytes.fill(0, memory.room, memory.room + DecodedCode.used);
    this.#bytes.fill(0, this.#indexAt(0), this.#indexAt(memory.ramBytes >>> 12));
    for (const pair of handlers.pairs) this.#introduce(pair);
    // A place that no word has been decoded to says 0, which is a word: it has to be known from the beginning.
    this.decodeWord(0, memory.room + DecodedCode.recent);
    this.#reset();
  }

  /** Address of the decoded page for the page of RAM at `offset`, made if need be. */
  decodedPage(offset: number): number {
    const page = offset >>> 12;
    let number = this.#view.getUint16(this.#indexAt(page), true);
    if (number === 0) {
      number = this.#numberFor(page);
      this.#view.setUint16(this.#indexAt(page), number, true);
      this.#decoded.add(page);
      this.#clear(number, Handler.undecoded);
      this.#view.setUint32(this.#address(number) + PageRecord.source, this.#memory.ram + page * 4096, true);
      this.#flagCode(page, true);
      this.#events.pageBecameCode();
    }
    return this.#address(number);
  }

  /**
   * Leaves to pages of RAM the addresses that their decoded pages are to have, until all of these go at once. Nothing may
   * have been decoded yet. Where two pages ask for one address, or one for two, the first comes first.
   */
  reserve(addresses: Iterable<readonly [page: number, address: number]>): void {
    const reserved = new Set<number>();
    for (const [page, address] of addresses) {
      const number = this.#numberOf(address);
      if (this.#reserved.has(page) || reserved.has(number)) continue;
      this.#reserved.set(page, number);
      reserved.add(number);
    }
    const free = this.#free.filter((number) => !reserved.has(number));
    this.#free.length = 0;
    this.#free.push(...free);
  }

  /** Address of the decoded slot of the instruction at an offset in RAM. */
  slotAt(offset: number): number {
    const page = this.decodedPage(offset & ~0xfff);
    const slot = page + ((offset & 0xfff) << SLOT_SHIFT);
    this.#procedures.decodeSlots(page, slot);
    return slot;
  }

  /** Fills a slot with what a word decodes to. */
  decodeWord(word: number, slot: number): void {
    const view = this.#view;
    const decoded = this.#decode(word);
    const form = decoded && this.#forms.get(decoded.instruction);
    view.setInt32(slot + SlotOffset.encoding, word, true);
    if (decoded === undefined || form === undefined) {
      view.setUint16(slot, Handler.illegal, true);
      return;
    }
    const rd = decoded.rd === 0 && form.writesInteger ? X_SINK : decoded.rd;
    view.setUint16(slot, form.handler, true);
    view.setUint16(slot + SlotOffset.rd, rd * 8, true);
    view.setUint16(slot + SlotOffset.rs1, decoded.rs1 * 8, true);
    view.setUint16(slot + SlotOffset.rs2, decoded.rs2 * 8, true);
    view.setInt32(slot + SlotOffset.immediate, form.hasRs3 ? decoded.rs3 * 8 : decoded.immediate, true);
  }

  /** Has the breakpoint handler stand at these places of every page. */
  breakAt(offsets: ReadonlySet<number>): void {
    const breaks = this.#memory.room + DecodedCode.breaks;
    this.#bytes.fill(0, breaks, breaks + SLOTS_PER_PAGE);
    for (const offset of offsets) this.#bytes[breaks + (offset >>> 1)] = 1;
    // Where nothing has been decoded yet, nothing knows other breakpoints, and what is reserved may stay.
    if (this.#decoded.size > 0) this.#dropAll();
  }

  /** How often decoded pages have gone to make room for others. */
  get evictions(): number {
    return this.#evictions;
  }

  /**
   * Says that something translated relies on a page of RAM, and from which lines of 64 bytes it was translated:
   * `codeChanged` tells of stores to them.
   */
  watch(page: number, lines: bigint): void {
    this.#relied.add(page);
    this.#view.setBigUint64(this.decodedPage(page * 4096) + PageRecord.translatedLines, lines, true);
  }

  /** Says that nothing translated relies on a page of RAM any more. */
  unwatch(page: number): void {
    this.#relied.delete(page);
    if (!this.#decoded.has(page)) return;
    this.#view.setBigUint64(this.decodedPage(page * 4096) + PageRecord.translatedLines, 0n, true);
  }

  /** Whether the line of 64 bytes at an offset in RAM has been stored to since it was decoded, or this was asked last. */
  rewritten(offset: number): boolean {
    const page = offset >>> 12;
    if (this.#view.getUint16(this.#indexAt(page), true) === 0) return false;
    const at = this.decodedPage(page * 4096) + PageRecord.rewrittenLines + ((offset >>> 9) & 7);
    const bit = 1 << ((offset >>> 6) & 7);
    const lines = this.#bytes[at] ?? 0;
    this.#bytes[at] = lines & ~bit;
    return (lines & bit) !== 0;
  }

  /** Bytes of RAM have changed: what was decoded from them is decoded anew when it is next executed. */
  changed(offset: number, bytes: number): void {
    const end = Math.ceil((offset + bytes) / 4096);
    for (let page = offset >>> 12; page < end; page++) {
      if (this.#view.getUint16(this.#indexAt(page), true) === 0) continue;
      const from = Math.max(offset, page * 4096);
      const length = Math.min(offset + bytes, (page + 1) * 4096) - from;
      if (length > 64) this.drop(from);
      else this.#procedures.forgetCode(from, length);
    }
  }

  /** Gives up the decoded page for the page of RAM at `offset`. */
  drop(offset: number): void {
    const page = offset >>> 12;
    this.#events.pageGoes(page);
    this.#forgetPage(page);
    this.#events.pagesDropped();
  }

  /** From now on, these two are a pair where they are decoded in a row. */
  #introduce({ handler, first, second }: Pair): void {
    const place = first * PAIRED_HANDLERS + second;
    this.#view.setUint16(this.#memory.room + DecodedCode.pairs + place * 2, handler, true);
  }

  #dropAll(): void {
    this.#events.pageGoes();
    this.#reset();
    this.#events.pagesDropped();
  }

  #numberFor(page: number): number {
    const reserved = this.#reserved.get(page);
    if (reserved !== undefined) return reserved;
    if (this.#free.length === 0) this.#makeRoom();
    return this.#free.pop() ?? 1;
  }

  /** Gives up what was decoded first of the pages that nothing translated relies on; all, where these are few. */
  #makeRoom(): void {
    this.#evictions++;
    const idle = [...this.#decoded].filter((page) => !this.#relied.has(page) && !this.#reserved.has(page));
    if (idle.length < FEWEST_IDLE) {
      this.#dropAll();
      return;
    }
    for (const page of idle.slice(0, idle.length / 2)) this.#forgetPage(page);
    this.#events.pagesDropped();
  }

  #reset(): void {
    for (const page of this.#decoded) this.#forgetPage(page);
    this.#free.length = 0;
    this.#reserved.clear();
    for (let number = DECODED_PAGES - 1; number > 0; number--) this.#free.push(number);
    this.#clear(0, Handler.refetch);
    this.#view.setUint32(this.#address(0) + PageRecord.source, this.#address(0), true);
  }

  #forgetPage(page: number): void {
    const number = this.#view.getUint16(this.#indexAt(page), true);
    this.#decoded.delete(page);
    if (this.#reserved.get(page) !== number) this.#free.push(number);
    this.#view.setUint16(this.#indexAt(page), 0, true);
    this.#flagCode(page, false);
  }

  #clear(number: number, handler: number): void {
    const first = this.#address(number);
    const used = this.#memory.room + DecodedCode.used;
    // Most of what is clear stays untouched, so that the host need not provide it.
    if (number > this.#view.getUint32(used, true)) this.#view.setUint32(used, number, true);
    else this.#bytes.fill(0, first, first + DECODED_PAGE_BYTES);
    const from = handler === Handler.undecoded ? SLOTS_PER_PAGE : 0;
    for (let slot = from; slot < SLOTS_PER_PAGE + 2; slot++) {
      this.#view.setUint16(first + slot * SLOT_BYTES, Handler.refetch, true);
    }
  }

  #flagCode(page: number, on: boolean): void {
    flagPage(this.#memory.pageFlags, page, PageFlag.code, on);
  }

  #address(number: number): number {
    return this.#memory.room + DecodedCode.pages + number * DECODED_PAGE_BYTES;
  }

  #numberOf(address: number): number {
    return (address - this.#memory.room - DecodedCode.pages) / DECODED_PAGE_BYTES;
  }

  #indexAt(page: number): number {
    return this.#memory.room + DecodedCode.index + page * 2;
  }
}

/** For fewer than these it is not worth looking for them, and having all harts forget what they remember of code. */
const FEWEST_IDLE = DECODED_PAGES / 8;

/** What the slots of an instruction have in common. */
interface Form {
  readonly handler: number;
  /** Then what is written to x0 goes to a cell of its own. */
  readonly writesInteger: boolean;
  readonly hasRs3: boolean;
}

function formOf({ encoding, fixed }: Instruction, handler: number): Form {
  const has = (operand: "rd" | "rs3", file: "x" | "f") =>
    encoding.registers.some((r) => r.file === file && r.operands.includes(operand));
  return {
    handler,
    writesInteger: fixed.rd !== undefined || has("rd", "x"),
    hasRs3: has("rs3", "f"),
  };
}
