/** Bytes of the WebAssembly binary format (core specification, chapter 5), written once and copied once. */
export class Bytes {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** As many bytes are expected; there may be more. */
  constructor(expected = 64) {
    this.#bytes = new Uint8Array(expected);
  }

  /** How many have been written. */
  get length(): number {
    return this.#length;
  }

  /** What has been written. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = byte;
  }

  /** Takes back what was written from an offset on. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Appends the unsigned LEB128 of a number below 2^32. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    for (; rest > 0x7f; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  /** Appends the signed LEB128 of a 32-bit value. */
  signed32(value: number): void {
    let rest = value | 0;
    for (; rest < -0x40 || rest > 0x3f; rest >>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest & 0x7f);
  }

  /** Appends the signed LEB128 of a 64-bit value. */
  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    for (; rest < -0x8000_0000n || rest > 0x7fff_ffffn; rest >>= 7n) this.byte(Number(rest & 0x7fn) | 0x80);
    this.signed32(Number(rest));
  }

  append(other: Bytes): void {
    const end = this.#length + other.#length;
    if (end > this.#bytes.length) this.#grow(other.#length);
    this.#bytes.set(other.written, this.#length);
    this.#length = end;
  }

  /** Appends a length-prefixed name, which is ASCII. */
  name(text: string): void {
    this.unsigned(text.length);
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  #grow(by: number): void {
    const bytes = new Uint8Array(Math.max(this.#length + by, this.#length * 2));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}

/** How many bytes the unsigned LEB128 of a number below 2^32 has. */
export function unsignedLength(value: number): number {
  return value === 0 ? 1 : Math.ceil((32 - Math.clz32(value)) / 7);
}
