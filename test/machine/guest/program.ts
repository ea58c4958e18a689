/** Bare programs: code at the start of RAM that every hart enters in M-mode, with its number in a0. */
import { expect } from "vitest";
import type { Machine as MachineInterface, MachineOptions, Stop } from "../../../emulator/index.ts";
import { Machine } from "../../../emulator/index.ts";
import { Assembler, reg } from "./assembler.ts";
import { Image, RAM } from "./image.ts";

const POWER = 0x10_0000;
const POWER_OFF = 0x5555;
const MEMORY = 0x80_0000;

/** An image of a program; `build` begins at the start of RAM. */
export function program(build: (a: Assembler) => void, data: (image: Image) => void = () => {}): Uint8Array {
  const image = new Image();
  const a = new Assembler(RAM);
  build(a);
  image.put(RAM, a.finish());
  data(image);
  return image.bytes;
}

/** Code that powers the machine off with status 0. */
export function powerOff(a: Assembler): void {
  a.li(reg.t0, POWER).li(reg.t1, POWER_OFF).op("sw", { rs1: reg.t0, rs2: reg.t1 }).label("off").to("off");
}

/** A machine that runs a program. */
export const machineFor = (kernel: Uint8Array, options: Partial<MachineOptions>): Promise<MachineInterface> =>
  Machine.create({ memory: MEMORY, kernel, ...options });

/** Runs until something but the end of a slice stops the machine; fails when nothing does. */
export function runToStop(machine: MachineInterface, slots = 2_000_000): Stop {
  const stop = machine.run(slots);
  expect(stop.reason).not.toBe("limit");
  return stop;
}

/** Eight bytes of RAM. */
export function peek(machine: MachineInterface, address: bigint): bigint | undefined {
  const bytes = machine.readPhysical(address, 8);
  return bytes && new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}
