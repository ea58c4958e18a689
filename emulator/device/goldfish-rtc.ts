import type { AccessBytes, Device, InterruptLine } from "./device.ts";

const timeLow = 0x00;
const timeHigh = 0x04;
const alarmLow = 0x08;
const alarmHigh = 0x0c;
const interruptEnabled = 0x10;
const clearAlarm = 0x14;
const alarmStatus = 0x18;
const clearInterrupt = 0x1c;

/**
 * Google Goldfish real-time clock (QEMU, docs/specs: nanoseconds since 1970 in two halves, one alarm). Reading the low
 * half latches the high one; writing the low half of the alarm arms it. Registers are 32 bits wide; narrower accesses
 * read zero and are ignored.
 */
export class GoldfishRtc implements Device {
  readonly name = "rtc";
  readonly #now: () => bigint;
  readonly #interrupt: InterruptLine;
  /** What the guest's clock is ahead of `now`. */
  #ahead = 0n;
  #latchedHigh = 0;
  #alarm = 0n;
  #armed = false;
  #pending = false;
  #enabled = false;
  #level = false;

  /** `now` is the board's time in nanoseconds since 1970. */
  constructor(now: () => bigint, interrupt: InterruptLine) {
    this.#now = now;
    this.#interrupt = interrupt;
  }

  /** The value of `now` at which `poll` has something to do; undefined without an alarm. */
  nextAlarm(): bigint | undefined {
    return this.#armed ? this.#alarm - this.#ahead : undefined;
  }

  /** Raises the alarm if its time has come. */
  poll(): void {
    if (!this.#armed || this.#elapsed() < this.#alarm) return;
    this.#armed = false;
    this.#pending = true;
    this.#updateInterrupt();
  }

  read(offset: number, bytes: AccessBytes): number {
    if (bytes !== 4) return 0;
    switch (offset) {
      case timeLow: {
        const time = this.#time();
        this.#latchedHigh = high(time);
        return low(time);
      }
      case timeHigh:
        return this.#latchedHigh;
      case alarmLow:
        return low(this.#alarm);
      case alarmHigh:
        return high(this.#alarm);
      case interruptEnabled:
        return this.#enabled ? 1 : 0;
      case alarmStatus:
        return this.#armed ? 1 : 0;
      default:
        return 0;
    }
  }

  write(offset: number, bytes: AccessBytes, value: number): void {
    if (bytes !== 4) return;
    switch (offset) {
      case timeLow:
        this.#setTime(withLow(this.#time(), value));
        break;
      case timeHigh:
        this.#setTime(withHigh(this.#time(), value));
        break;
      case alarmLow:
        this.#alarm = withLow(this.#alarm, value);
        this.#armed = true;
        this.poll();
        break;
      case alarmHigh:
        this.#alarm = withHigh(this.#alarm, value);
        break;
      case interruptEnabled:
        this.#enabled = (value & 1) !== 0;
        this.#updateInterrupt();
        break;
      case clearAlarm:
        this.#armed = false;
        break;
      case clearInterrupt:
        this.#pending = false;
        this.#updateInterrupt();
        break;
    }
  }

  #time(): bigint {
    return BigInt.asUintN(64, this.#elapsed());
  }

  /** The time without wrapping at 2^64, so that it only grows and an alarm that is due stays so. */
  #elapsed(): bigint {
    return this.#now() + this.#ahead;
  }

  #setTime(time: bigint): void {
    this.#ahead = time - this.#now();
    this.poll();
  }

  #updateInterrupt(): void {
    const level = this.#pending && this.#enabled;
    if (level === this.#level) return;
    this.#level = level;
    this.#interrupt(level);
  }
}

function low(value: bigint): number {
  return Number(value & 0xffff_ffffn);
}

function high(value: bigint): number {
  return Number(value >> 32n);
}

function withLow(value: bigint, half: number): bigint {
  return (value & ~0xffff_ffffn) | BigInt(half);
}

function withHigh(value: bigint, half: number): bigint {
  return (value & 0xffff_ffffn) | (BigInt(half) << 32n);
}
