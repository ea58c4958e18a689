/**
 * Memory in which each page may be somewhere else, or denied: groups find theirs by probing the interpreter's tables.
 * In loops the page found last is kept in the hart's state, where a comparison takes it from as fast as from a register.
 */
import {
  dataContext,
  ENTRY_TARGET,
  LOOKASIDE_ENTRIES,
  MOST_PAGE_SLOTS,
  pageSlot,
  READ_TABLE,
  WRITE_TABLE,
} from "../interpreter/lookaside.ts";
import type { Analysis } from "./analysis.ts";
import type { DataMemory, Frame } from "./data-memory.ts";
import type { Group } from "./group.ts";
import type { Region } from "./region.ts";
import { findForLoads, findForStores } from "./slow-path.ts";

const PAGE = 4096;

/** A page that a loop's accesses at a register's value are expected in: where its parts are in the hart's state. */
interface PageSlot extends ReturnType<typeof pageSlot> {
  /** The most bytes that one check covers. */
  readonly span: number;
}

export class PagedMemory implements DataMemory {
  readonly base = 0;
  readonly #frame: Frame;
  readonly #loops: ReadonlySet<number>;
  readonly #slots = new Map<number, PageSlot>();
  readonly #entry: number;
  readonly #tag: number;
  /** The context of data accesses (interpreter/lookaside.ts): it cannot change before everything is left. */
  readonly #context: number;

  constructor(
    frame: Frame,
    region: Region,
    analysis: Analysis,
    groups: readonly ReadonlyMap<number, Group>[],
  ) {
    this.#frame = frame;
    this.#loops = analysis.loops;
    this.#entry = frame.code.local("i32", "entry");
    this.#tag = frame.code.local("i64", "tag");
    this.#context = frame.code.local("i64", "context");
    this.#reserveSlots(region, groups);
  }

  begin(): void {
    this.#frame.hart().load("i64.load", dataContext.offset).set(this.#context);
    this.resume();
  }

  /** No page is known: other regions use the same slots. */
  resume(): void {
    for (const { limit } of this.#slots.values()) this.#frame.hart().i64(0).store("i64.store", limit);
  }

  find(group: Group, leave: () => void): void {
    const { code, address } = this.#frame;
    const slot = this.#loops.has(group.node) ? this.#slots.get(group.slot) : undefined;
    if (slot === undefined) this.#findInTable(group, leave);
    else this.#findInSlot(group, slot, leave);
    code.get(address).convert("wrap").arithmetic("i32", "add");
  }

  #reserveSlots(region: Region, groups: readonly ReadonlyMap<number, Group>[]): void {
    const spans = new Map<number, number>();
    const loaded = this.#loadedInLoops(region);
    for (const node of this.#loops) {
      for (const { slot, from, to, access } of groups[node]?.values() ?? []) {
        if (loaded.has(access.base)) continue;
        spans.set(slot, Math.max(spans.get(slot) ?? 0, to - from));
      }
    }
    for (const [name, span] of [...spans].slice(0, MOST_PAGE_SLOTS)) {
      this.#slots.set(name, { ...pageSlot(this.#slots.size), span });
    }
  }

  /** Registers that loops load addresses into, perhaps: what follows pointers is on another page each time. */
  #loadedInLoops({ blocks }: Region): Set<number> {
    const loaded = new Set<number>();
    for (const node of this.#loops) {
      for (const { operation } of blocks[node]?.operations ?? []) {
        if (operation.access?.bytes === 8) for (const register of operation.writes.x) loaded.add(register);
      }
    }
    return loaded;
  }

  /** Pushes what added to the address of a group gives its place in machine memory, as the last one of its slot did. */
  #findInSlot(group: Group, slot: PageSlot, leave: () => void): void {
    const { code, address, hart } = this.#frame;
    code.get(address);
    hart().load("i64.load", slot.page).arithmetic("i64", "sub");
    hart().load("i64.load", slot.limit).compare("i64", "lt_u");
    code.ifLikely(
      () => hart().load("i32.load", slot.target),
      () => this.#search(group, leave, slot),
      "i32",
    );
  }

  /** The same by the interpreter's table. */
  #findInTable(group: Group, leave: () => void): void {
    const { code, address, hart } = this.#frame;
    const table = group.access.writes ? WRITE_TABLE : READ_TABLE;
    const span = group.to - group.from;
    const alone = group.size === 1;
    const tag = (beyond: number, mask: number) => {
      code.get(address);
      if (beyond !== 0) code.i64(beyond).arithmetic("i64", "add");
      code.i64(mask).arithmetic("i64", "and").get(this.#context).arithmetic("i64", "or");
    };
    code.get(address).i64(8).arithmetic("i64", "shr_u").convert("wrap");
    code.i32((LOOKASIDE_ENTRIES - 1) << 4).arithmetic("i32", "and");
    hart().arithmetic("i32", "add");
    code.tee(this.#entry).load("i64.load", table);
    if (alone) {
      // What is aligned lies on one page.
      tag(0, -PAGE | (span - 1));
      code.compare("i64", "eq");
    } else {
      code.tee(this.#tag);
      tag(0, -PAGE);
      code.arithmetic("i64", "xor");
      tag(span - 1, -PAGE);
      code.get(this.#tag).arithmetic("i64", "xor").arithmetic("i64", "or").i64(0).compare("i64", "eq");
    }
    code.ifLikely(
      () => code.get(this.#entry).load("i32.load", table + ENTRY_TARGET),
      () => this.#search(group, leave),
      "i32",
    );
  }

  /** The same for what is not remembered; it is kept in a slot from then on, if one is given. */
  #search(group: Group, leave: () => void, slot?: PageSlot): void {
    const { code, address, hart, call } = this.#frame;
    code
      .get(address)
      .i32(group.to - group.from)
      .i32(group.size === 1 ? 0 : group.from)
      .i32(group.widest);
    if (slot === undefined) code.i32(0).i32(0);
    else {
      hart().i32(slot.at).arithmetic("i32", "add");
      code.i32(PAGE + 1 - slot.span);
    }
    call((group.access.writes ? findForStores : findForLoads).procedure);
    code.tee(this.#entry).isZero().ifUnlikely(leave);
    code.get(this.#entry);
  }
}
