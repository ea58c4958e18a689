import type { AccessBytes, Device } from "./device.ts";

/** A device's place in the guest-physical address space. */
export interface BusWindow {
  readonly base: number;
  readonly bytes: number;
  readonly device: Device;
}

/** Carries an access to the device whose window holds its address. */
export class Bus {
  readonly #windows: readonly BusWindow[];
  #recent: BusWindow | undefined;

  /** Throws when two windows overlap: the board is wired wrongly. */
  constructor(windows: readonly BusWindow[]) {
    this.#windows = windows.toSorted((a, b) => a.base - b.base);
    for (const [index, window] of this.#windows.entries()) {
      const next = this.#windows[index + 1];
      if (next !== undefined && window.base + window.bytes > next.base) {
        throw new Error(
          `${window.device.name} at ${hex(window.base)} overlaps ${next.device.name} at ${hex(next.base)}`,
        );
      }
    }
  }

  /**
   * Reads `bytes` bytes at a guest-physical address. Undefined, for an access fault, where no device answers and for
   * an access that is not naturally aligned (privileged 3.6.4: I/O regions need not support those).
   */
  read(address: number, bytes: AccessBytes): number | undefined {
    const window = this.#find(address, bytes);
    return window?.device.read(address - window.base, bytes);
  }

  /** Writes the low `bytes` bytes of `value`; false, for an access fault, where `read` would answer undefined. */
  write(address: number, bytes: AccessBytes, value: number): boolean {
    const window = this.#find(address, bytes);
    if (window === undefined) return false;
    const unsigned = bytes === 4 ? value >>> 0 : value & ((1 << (bytes * 8)) - 1);
    window.device.write(address - window.base, bytes, unsigned);
    return true;
  }

  /** Whether an access of 1, 2, 4 or 8 bytes has a device behind it. */
  answers(address: number, bytes: number): boolean {
    return this.#find(address, bytes) !== undefined;
  }

  #find(address: number, bytes: number): BusWindow | undefined {
    if (address % bytes !== 0) return undefined;
    const recent = this.#recent;
    if (recent !== undefined && holds(recent, address, bytes)) return recent;
    let low = 0;
    let high = this.#windows.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const window = this.#windows[middle];
      if (window === undefined) return undefined;
      if (holds(window, address, bytes)) {
        this.#recent = window;
        return window;
      }
      if (address < window.base) high = middle - 1;
      else low = middle + 1;
    }
    return undefined;
  }
}

function holds(window: BusWindow, address: number, bytes: number): boolean {
  return address >= window.base && address + bytes <= window.base + window.bytes;
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
