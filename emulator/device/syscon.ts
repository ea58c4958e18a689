import type { AccessBytes, Device } from "./device.ts";

/** What a guest can ask of the board's power supply. */
export interface PowerControl {
  /** `status` is what a process would exit with: 0 for success, 1 to 255 for failure. */
  powerOff(status: number): void;
  reboot(): void;
}

const finisherFail = 0x3333;
const finisherPass = 0x5555;
const finisherReset = 0x7777;

/** The SiFive test finisher that `virt` uses as its `syscon`: one write ends the machine. */
export class Syscon implements Device {
  readonly name = "test";
  readonly #power: PowerControl;

  constructor(power: PowerControl) {
    this.#power = power;
  }

  read(): number {
    return 0;
  }

  write(offset: number, bytes: AccessBytes, value: number): void {
    if (offset !== 0 || bytes === 1) return;
    switch (value & 0xffff) {
      case finisherPass:
        this.#power.powerOff(0);
        break;
      case finisherFail:
        this.#power.powerOff(failureStatus(value >>> 16));
        break;
      case finisherReset:
        this.#power.reboot();
        break;
    }
  }
}

/** Exit status of a failure with the guest's `code`: never 0, also where a process's 8 bits would make it so. */
export function failureStatus(code: number): number {
  return Math.min(Math.max(code, 1), 255);
}
