/** Addresses, sizes and interrupt numbers of QEMU's `virt` board: the one place that knows them. */

/** A range of guest-physical addresses. */
export interface Region {
  readonly base: number;
  readonly bytes: number;
}

/** The registers of a device that interrupts through this source of the PLIC. */
export interface InterruptingRegion extends Region {
  readonly interrupt: number;
}

export const bootRom: Region = { base: 0x1000, bytes: 0xf000 };
export const test: Region = { base: 0x10_0000, bytes: 0x1000 };
export const rtc: InterruptingRegion = { base: 0x10_1000, bytes: 0x1000, interrupt: 11 };
export const clint: Region = { base: 0x200_0000, bytes: 0x1_0000 };
export const plic: Region = { base: 0xc00_0000, bytes: 0x60_0000 };
export const serial: InterruptingRegion = { base: 0x1000_0000, bytes: 0x100, interrupt: 10 };

/** The virtio-mmio slots, lowest address first. */
export const virtio: readonly InterruptingRegion[] = Array.from({ length: 8 }, (_, slot) => ({
  base: 0x1000_1000 + slot * 0x1000,
  bytes: 0x1000,
  interrupt: 1 + slot,
}));

/** First byte of RAM; its size is the user's choice. */
export const ramBase = 0x8000_0000;

/** Frequency of `mtime` and of the `time` CSR. */
export const ticksPerSecond = 10_000_000;

/** Interrupt sources of the PLIC: 1 up to this number. */
export const plicSources = 95;

/** Input clock of the serial port, in hertz. */
export const serialClock = 3_686_400;
