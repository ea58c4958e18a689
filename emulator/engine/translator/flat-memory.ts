/**
 * Memory that is flat: addresses are physical, and whatever is in RAM may be loaded and stored (`memoryIsFlat` in
 * interpreter/lookaside.ts). Whether a group lies in RAM is one comparison. Stores ask what the flags of their page say,
 * too, for code must not change unnoticed.
 */
import type { Setting } from "../../language/expression.ts";
import { RAM_BASE } from "../../memory/physical.ts";
import type { DataMemory, Frame } from "./data-memory.ts";
import type { Group } from "./group.ts";
import { makeStorable } from "./slow-path.ts";

const PAGE = 4096;

export class FlatMemory implements DataMemory {
  /** Where RAM begins: what is pushed are offsets in it, for WebAssembly adds no negative constants. */
  readonly base: number;
  readonly #frame: Frame;
  readonly #settings: Readonly<Record<Setting, bigint>>;
  readonly #offset: number;

  constructor(frame: Frame, settings: Readonly<Record<Setting, bigint>>) {
    this.#frame = frame;
    this.#settings = settings;
    this.#offset = frame.code.local("i64", "offset");
    this.base = Number(settings.ramBias + RAM_BASE);
  }

  begin(): void {}

  resume(): void {}

  find(group: Group, leave: () => void): void {
    const { code, address } = this.#frame;
    const bytes = group.to - group.from;
    code.get(address).i64(-RAM_BASE).arithmetic("i64", "add").tee(this.#offset);
    code
      .i64(this.#settings.ramBytes - BigInt(bytes))
      .compare("i64", "gt_u")
      .ifUnlikely(leave);
    if (group.access.writes) this.#checkPage(bytes, leave);
    code.get(this.#offset).convert("wrap");
  }

  /** Where the page has a flag, makes ready for stores, or leaves before them. */
  #checkPage(bytes: number, leave: () => void): void {
    const { code, call } = this.#frame;
    code.get(this.#offset).i64(12).arithmetic("i64", "shr_u").convert("wrap");
    code.load("i32.load8_u", Number(this.#settings.pageFlags));
    code.ifUnlikely(() => {
      // If the next page has a flag, this one has, too (`PageFlag.before`).
      code
        .get(this.#offset)
        .convert("wrap")
        .i32(PAGE - 1)
        .arithmetic("i32", "and");
      code
        .i32(PAGE - bytes)
        .compare("i32", "gt_u")
        .if(leave);
      code.get(this.#offset).convert("wrap").i32(bytes);
      call(makeStorable.procedure);
      code.isZero().if(leave);
    });
  }
}
