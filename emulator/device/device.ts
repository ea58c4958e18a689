/**
 * What a device knows of the world: the bus that reads and writes it, the interrupt line it drives, and the
 * memory it may copy from and to. Devices know nothing of harts, engines or the host.
 */

/** Width of one bus access in bytes. A 64-bit guest access arrives as two 4-byte ones, low half first. */
export type AccessBytes = 1 | 2 | 4;

/** A device's register window. Offsets are bytes from the window's base; values are unsigned 32-bit integers. */
export interface Device {
  readonly name: string;
  read(offset: number, bytes: AccessBytes): number;
  write(offset: number, bytes: AccessBytes, value: number): void;
}

/** Drives a level-triggered interrupt line. */
export type InterruptLine = (level: boolean) => void;

/** Asks for one interrupt. */
export type InterruptEdge = () => void;

/** The board's time, for a device that does something later. Such a device is polled when its time has come. */
export interface DeviceTime {
  /** Ticks since the machine was started, whatever the guest makes of `mtime`. */
  ticks(): bigint;
  /** Says that the device has something to do at a time it had not told before. */
  scheduled(): void;
}

/** RAM as a bus master sees it. Addresses are guest-physical, lengths are bytes. */
export interface DirectMemory {
  /** A copy of `length` bytes at `address`, or undefined when any of them lies outside RAM. */
  read(address: number, length: number): Uint8Array | undefined;
  /** Stores `bytes` at `address`; false, with nothing stored, when any of them lies outside RAM. */
  write(address: number, bytes: Uint8Array): boolean;
}
