import type { AccessBytes, Device } from "./device.ts";

/** Read-only memory: what lies behind its contents reads as zero, and stores are dropped. */
export class ReadOnlyMemory implements Device {
  readonly name = "rom";
  readonly #contents: Uint8Array;

  constructor(contents: Uint8Array) {
    this.#contents = contents;
  }

  read(offset: number, bytes: AccessBytes): number {
    let value = 0;
    for (let i = bytes - 1; i >= 0; i--) value = ((value << 8) | (this.#contents[offset + i] ?? 0)) >>> 0;
    return value;
  }

  write(): void {}
}
