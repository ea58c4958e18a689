/**
 * Memory that is flat: addresses are physical, and whatever is in RAM may be loaded and stored (`memoryIsFlat` in
 * interpreter/lookaside.ts). Whether a group lies in RAM is one comparison. Stores ask what the flags of their page say,
 * too, for code must not change unnoticed.
 */
import type { Setting } from "../../language/expression.ts";
import { RAM_BASE } from "../../memory/physical.ts";
import type { DataMemory, Frame } from "./data-memory.ts";
import { findBySearch } from "./data-memory.ts";
import type { Group } from "./group.ts";

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
    const { ramBytes, pageFlags } = this.#settings;
    code.get(address).i64(-RAM_BASE).arithmetic("i64", "add").tee(this.#offset);
    code.i64(ramBytes - BigInt(group.to - group.from)).compare("i64", "gt_u");
    code.ifUnlikely(leave);
    if (group.access.writes) {
      // A page whose flags are clear is not followed by one of code, either (`PageFlag.before`).
      code.get(this.#offset).i64(12).arithmetic("i64", "shr_u").convert("wrap");
      code.load("i32.load8_u", Number(pageFlags)).ifUnlikely(() => {
        findBySearch(this.#frame, group);
        code.isZero().ifUnlikely(leave);
      });
    }
    code.get(this.#offset).convert("wrap");
  }
}
