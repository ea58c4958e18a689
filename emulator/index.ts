/**
 * Trapframe as a library: machines to build, run and look into. Knows nothing of the host it runs on.
 *
 *     import { Machine } from "trapframe";
 *     const machine = await Machine.create({ kernel, onConsole: (bytes) => output.push(bytes) });
 *     while (machine.run(1_000_000).reason === "limit") { … }
 */
import type { Machine as MachineInterface } from "./board/machine.ts";
import { createMachine } from "./board/virt.ts";

export { CpuError, defaultCpu, parseCpu } from "./board/cpu.ts";
export { ImageError } from "./board/image-error.ts";
export type { HartView, PrivilegeMode, TlbCounters, TlbEntry, TrapRecord } from "./board/machine.ts";
export type { BlockStore, CpuOptions, EngineName, FrameSink, MachineOptions } from "./board/options.ts";
export type { RepeatingTrap, Stop } from "./board/stop.ts";
export type { EngineCounters } from "./engine/engine.ts";
export type { Input } from "./history/input.ts";

export type Machine = MachineInterface;
export const Machine = { create: createMachine };
