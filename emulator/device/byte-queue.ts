/** Bytes, first in, first out, in constant time however many wait. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #position = 0;

  /** Copies `bytes`; the caller may reuse them. */
  push(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#chunks.push(bytes.slice());
  }

  /** Takes the oldest byte; undefined when none waits. */
  shift(): number | undefined {
    const first = this.#chunks[0];
    if (first === undefined) return undefined;
    const byte = first[this.#position];
    this.#position++;
    if (this.#position === first.length) {
      this.#chunks.shift();
      this.#position = 0;
    }
    return byte;
  }
}
