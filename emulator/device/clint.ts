import type { AccessBytes, Device } from "./device.ts";

/** The timers and software interrupts of all harts, wherever their state lives. */
export interface TimerAndSoftwareInterrupts {
  readonly harts: number;
  /** `mtime`: ticks of the board's clock, modulo 2^64. */
  ticks(): bigint;
  setTicks(ticks: bigint): void;
  /** `mtimecmp` of a hart. */
  compare(hart: number): bigint;
  setCompare(hart: number, ticks: bigint): void;
  /** The machine-mode software interrupt of a hart. */
  software(hart: number): boolean;
  setSoftware(hart: number, level: boolean): void;
}

const compareBase = 0x4000;
const timeBase = 0xbff8;

/** SiFive's CLINT, which an ACLINT's MSWI and MTIMER devices lay out alike (RISC-V ACLINT 1.0, chapters 2 and 3). */
export class Clint implements Device {
  readonly name = "clint";
  readonly #harts: TimerAndSoftwareInterrupts;

  constructor(harts: TimerAndSoftwareInterrupts) {
    this.#harts = harts;
  }

  read(offset: number, bytes: AccessBytes): number {
    const word = this.#readWord(offset & ~3);
    if (bytes === 4) return word;
    return (word >>> ((offset & 3) * 8)) & (bytes === 1 ? 0xff : 0xffff);
  }

  write(offset: number, bytes: AccessBytes, value: number): void {
    const aligned = offset & ~3;
    if (bytes === 4) {
      this.#writeWord(aligned, value);
      return;
    }
    const shift = (offset & 3) * 8;
    const mask = (bytes === 1 ? 0xff : 0xffff) << shift;
    this.#writeWord(aligned, ((this.#readWord(aligned) & ~mask) | ((value << shift) & mask)) >>> 0);
  }

  #readWord(offset: number): number {
    if (offset < compareBase) {
      const hart = offset >> 2;
      return hart < this.#harts.harts && this.#harts.software(hart) ? 1 : 0;
    }
    if (offset >= timeBase) return half(this.#harts.ticks(), offset - timeBase);
    const hart = (offset - compareBase) >> 3;
    return hart < this.#harts.harts ? half(this.#harts.compare(hart), offset & 4) : 0;
  }

  #writeWord(offset: number, value: number): void {
    if (offset < compareBase) {
      const hart = offset >> 2;
      if (hart < this.#harts.harts) this.#harts.setSoftware(hart, (value & 1) !== 0);
      return;
    }
    if (offset >= timeBase) {
      const position = offset - timeBase;
      if (position <= 4) this.#harts.setTicks(withHalf(this.#harts.ticks(), position, value));
      return;
    }
    const hart = (offset - compareBase) >> 3;
    if (hart >= this.#harts.harts) return;
    this.#harts.setCompare(hart, withHalf(this.#harts.compare(hart), offset & 4, value));
  }
}

/** The 32 bits of a 64-bit register that stand at byte 0 or 4; zero beyond. */
function half(register: bigint, position: number): number {
  if (position > 4) return 0;
  return Number((register >> BigInt(position * 8)) & 0xffff_ffffn);
}

function withHalf(register: bigint, position: number, value: number): bigint {
  return position === 0
    ? (register & 0xffff_ffff_0000_0000n) | BigInt(value)
    : (register & 0xffff_ffffn) | (BigInt(value) << 32n);
}
