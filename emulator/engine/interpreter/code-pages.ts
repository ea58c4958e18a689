/** The decoded pages: made when code is first executed, kept true to the memory they were decoded from. */
import { X_SINK } from "../../hart/layout.ts";
import type { Decoded, Decoder } from "../../isa/decode.ts";
import type { Instruction } from "../../isa/instruction.ts";
import { PageFlag } from "../../memory/physical.ts";
import { DECODED_PAGE_BYTES, Handler, SLOT_BYTES, SLOT_SHIFT, SLOTS_PER_PAGE, SlotOffset } from "./slot.ts";

export interface CodeMemory {
  readonly buffer: ArrayBufferLike;
  /** Where RAM and its page flags begin in machine memory. */
  readonly ram: number;
  readonly pageFlags: number;
  /** Room for decoded pages: where it begins, and how many fit. */
  readonly pool: number;
  readonly capacity: number;
}

/** Tells that what harts remember is out of date. */
export interface CodeEvents {
  /** A page of RAM may no longer be stored to without notice. */
  pageBecameCode(): void;
  /** Decoded pages have moved or gone. */
  pagesDropped(): void;
  /** Bytes of RAM that have been decoded from may have changed. */
  codeChanged(offset: number, bytes: number): void;
  /** The decoded page of this page of RAM goes; of all pages where none is named. */
  pageGoes(page?: number): void;
}

/** Stores into a page of code that hit no instruction, before the page counts as data again. */
const DATA_STORES = 64;
/** Instructions decoded at once. */
const RUN = 32;

export class CodePages {
  readonly #memory: CodeMemory;
  readonly #decode: Decoder;
  readonly #events: CodeEvents;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #handlers: ReadonlyMap<Instruction, number>;
  /** Files of rd per instruction: writes to x0 go to a cell of their own. */
  readonly #integerDestination: ReadonlySet<Instruction>;
  /** Decoded page index by RAM page, and back. Index 0 is the scratch page. */
  readonly #indexOf = new Map<number, number>();
  readonly #pageOf: (number | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #dataStores: number[] = [];
  /** Places in a page where a breakpoint may be: decoded pages know no virtual addresses. */
  #breakpoints: ReadonlySet<number> = new Set();
  #scratchSlot = 0;

  constructor(memory: CodeMemory, decode: Decoder, instructions: readonly Instruction[], events: CodeEvents) {
    this.#memory = memory;
    this.#decode = decode;
    this.#events = events;
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#handlers = new Map(
      instructions.map((instruction, i) => [instruction, Handler.firstInstruction + i]),
    );
    this.#integerDestination = new Set(instructions.filter(writesInteger));
    this.#reset();
  }

  /** Address of the decoded page for the page of RAM at `offset`, made if need be. */
  decodedPage(offset: number): number {
    const page = offset >>> 12;
    let index = this.#indexOf.get(page);
    if (index === undefined) {
      if (this.#free.length === 0) this.#dropAll();
      index = this.#free.pop() ?? 1;
      this.#indexOf.set(page, index);
      this.#pageOf[index] = page;
      this.#dataStores[index] = 0;
      this.#clear(index, Handler.undecoded);
      this.#setFlag(page, true);
      this.#events.pageBecameCode();
    }
    return this.#address(index);
  }

  /** Address of the decoded slot of the instruction at an offset in RAM. */
  slotAt(offset: number): number {
    const slot = this.decodedPage(offset & ~0xfff) + ((offset & 0xfff) << SLOT_SHIFT);
    if (this.#view.getUint16(slot, true) === Handler.undecoded) this.decodeSlot(slot);
    return slot;
  }

  /** The page of RAM that a decoded page was made of. */
  pageAt(decodedPage: number): number | undefined {
    return this.#pageOf[(decodedPage - this.#memory.pool) / DECODED_PAGE_BYTES];
  }

  /** Decodes one instruction into the scratch page at its offset in the page; gives that page's address. */
  decodeAlone(word: number, offset: number): number {
    const slot = this.#address(0) + (offset << SLOT_SHIFT);
    this.#view.setUint16(this.#scratchSlot, Handler.refetch, true);
    this.#scratchSlot = slot;
    this.#write(slot, word);
    return this.#address(0);
  }

  /** Decodes the instruction of a slot, and those that follow it up to the end of the page. */
  decodeSlot(slot: number): void {
    const index = Math.floor((slot - this.#memory.pool) / DECODED_PAGE_BYTES);
    const page = this.#pageOf[index];
    if (page === undefined) throw new Error(`slot ${slot} belongs to no page`);
    const first = this.#address(index);
    let offset = (slot - first) >> SLOT_SHIFT;
    for (let n = 0; n < RUN && offset < 4096; n++) {
      const at = first + (offset << SLOT_SHIFT);
      if (this.#view.getUint16(at, true) !== Handler.undecoded) return;
      if (this.#breakpoints.has(offset)) {
        this.#view.setUint16(at, Handler.breakpoint, true);
        return;
      }
      const cell = this.#memory.ram + page * 4096 + offset;
      const low = this.#view.getUint16(cell, true);
      const compressed = (low & 3) !== 3;
      if (!compressed && offset === 4094) {
        this.#view.setUint16(at, Handler.crossing, true);
        return;
      }
      this.#write(at, compressed ? low : this.#view.getUint32(cell, true));
      offset += compressed ? 2 : 4;
    }
  }

  /** Has the breakpoint handler stand at these places of every page. */
  breakAt(offsets: ReadonlySet<number>): void {
    this.#breakpoints = offsets;
    this.#dropAll();
  }

  /** Bytes of RAM have changed: what was decoded from them is decoded anew when it is next executed. */
  changed(offset: number, bytes: number): void {
    const last = (offset + bytes - 1) >>> 12;
    for (let page = offset >>> 12; page <= last; page++) {
      const index = this.#indexOf.get(page);
      if (index === undefined) continue;
      const from = Math.max(offset - page * 4096, 0);
      const to = Math.min(offset + bytes - page * 4096, 4096);
      this.#events.codeChanged(page * 4096 + from, to - from);
      if (to - from > 64) this.#drop(index, page);
      else this.#forget(index, page, from, to);
    }
  }

  #forget(index: number, page: number, from: number, to: number): void {
    const first = this.#address(index);
    let hit = false;
    // A 32-bit instruction may begin one halfword before.
    for (let offset = Math.max((from & ~1) - 2, 0); offset < to; offset += 2) {
      const at = first + (offset << SLOT_SHIFT);
      if (this.#view.getUint16(at, true) === Handler.undecoded) continue;
      hit = true;
      this.#view.setUint16(at, Handler.undecoded, true);
    }
    if (hit) return;
    const stores = (this.#dataStores[index] ?? 0) + 1;
    this.#dataStores[index] = stores;
    if (stores >= DATA_STORES) this.#drop(index, page);
  }

  #drop(index: number, page: number): void {
    this.#events.pageGoes(page);
    this.#indexOf.delete(page);
    this.#pageOf[index] = undefined;
    this.#free.push(index);
    this.#setFlag(page, false);
    this.#events.pagesDropped();
  }

  #dropAll(): void {
    this.#events.pageGoes();
    for (const page of this.#indexOf.keys()) this.#setFlag(page, false);
    this.#reset();
    this.#events.pagesDropped();
  }

  #reset(): void {
    this.#indexOf.clear();
    this.#pageOf.length = 0;
    this.#free.length = 0;
    for (let index = this.#memory.capacity - 1; index > 0; index--) this.#free.push(index);
    this.#clear(0, Handler.refetch);
    this.#scratchSlot = this.#address(0);
  }

  #clear(index: number, handler: number): void {
    const first = this.#address(index);
    this.#bytes.fill(0, first, first + DECODED_PAGE_BYTES);
    const from = handler === Handler.undecoded ? SLOTS_PER_PAGE : 0;
    for (let slot = from; slot < SLOTS_PER_PAGE + 2; slot++) {
      this.#view.setUint16(first + slot * SLOT_BYTES, Handler.refetch, true);
    }
  }

  #setFlag(page: number, on: boolean): void {
    const at = this.#memory.pageFlags + page;
    const flags = this.#bytes[at] ?? 0;
    this.#bytes[at] = on ? flags | PageFlag.code : flags & ~PageFlag.code;
  }

  #write(slot: number, word: number): void {
    const view = this.#view;
    const decoded = this.#decode(word);
    view.setInt32(slot + SlotOffset.encoding, (word & 3) === 3 ? word : word & 0xffff, true);
    if (decoded === undefined) {
      view.setUint16(slot, Handler.illegal, true);
      return;
    }
    view.setUint16(slot, this.#handlers.get(decoded.instruction) ?? Handler.illegal, true);
    view.setUint16(slot + SlotOffset.rd, this.#destination(decoded) * 8, true);
    view.setUint16(slot + SlotOffset.rs1, decoded.rs1 * 8, true);
    view.setUint16(slot + SlotOffset.rs2, decoded.rs2 * 8, true);
    const fused = decoded.instruction.encoding.registers.some((r) => r.operands.includes("rs3"));
    view.setInt32(slot + SlotOffset.immediate, fused ? decoded.rs3 * 8 : decoded.immediate, true);
  }

  #destination({ instruction, rd }: Decoded): number {
    return rd === 0 && this.#integerDestination.has(instruction) ? X_SINK : rd;
  }

  #address(index: number): number {
    return this.#memory.pool + index * DECODED_PAGE_BYTES;
  }
}

function writesInteger(instruction: Instruction): boolean {
  if (instruction.fixed.rd !== undefined) return true;
  return instruction.encoding.registers.some((r) => r.file === "x" && r.operands.includes("rd"));
}
