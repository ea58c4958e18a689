/** What stands in a test machine's RAM when it starts. */
export const RAM = 0x8000_0000n;

/** A raw kernel image, written piece by piece at physical addresses. */
export class Image {
  #bytes = new Uint8Array(4096);
  #used = 0;

  put(address: bigint, bytes: Uint8Array): void {
    const at = Number(address - RAM);
    const end = at + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(2 ** Math.ceil(Math.log2(end)));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, at);
    this.#used = Math.max(this.#used, end);
  }

  put64(address: bigint, value: bigint): void {
    const cell = new Uint8Array(8);
    new DataView(cell.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
    this.put(address, cell);
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }
}
