/** Random numbers that are the same for the same seed on every machine: Chris Doty-Humphrey's sfc32. */

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `stream` tells apart generators of the same seed. */
  constructor(seed: bigint, stream = 0) {
    this.#a = Number(seed & 0xffff_ffffn) | 0;
    this.#b = Number((seed >> 32n) & 0xffff_ffffn) | 0;
    this.#c = stream | 0;
    // The generator's author asks for so many rounds before seeds that are alike have parted.
    for (let i = 0; i < 12; i++) this.word();
  }

  /** 32 bits, unsigned. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** 64 bits, unsigned. */
  long(): bigint {
    return (BigInt(this.word()) << 32n) | BigInt(this.word());
  }

  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor((this.word() / 2 ** 32) * count);
  }

  chance(probability: number): boolean {
    return this.word() < probability * 2 ** 32;
  }

  /** Throws a RangeError on an empty list. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("there is nothing to pick from");
    return item;
  }
}
