/** A disk whose machine loses its power in the middle of its work. */
import type { BlockStore } from "../../emulator/board/options.ts";

/**
 * Passes on so many writes, then calls `onCrash` and passes on nothing more. Until the machine is stopped, the guest is
 * told that all went well: nobody may hear from it any more what it makes of that.
 */
export class CrashingStore implements BlockStore {
  readonly sectors: number;
  readonly readOnly = false;
  readonly #base: BlockStore;
  readonly #onCrash: () => void;
  #writesLeft: number;

  constructor(base: BlockStore, writes: number, onCrash: () => void) {
    this.#base = base;
    this.sectors = base.sectors;
    this.#writesLeft = writes;
    this.#onCrash = onCrash;
  }

  read(sector: number, into: Uint8Array): void {
    this.#base.read(sector, into);
  }

  write(sector: number, from: Uint8Array): void {
    if (this.#writesLeft === 0) return;
    this.#base.write(sector, from);
    this.#writesLeft--;
    if (this.#writesLeft === 0) this.#onCrash();
  }

  flush(): void {
    if (this.#writesLeft > 0) this.#base.flush();
  }
}
