/** Trapframe as a library: machines to build, run and look into. Knows nothing of the host it runs on. */
export type { HartView, Machine, PrivilegeMode, TlbCounters, TlbEntry, TrapRecord } from "./board/machine.ts";
export type { BlockStore, CpuOptions, EngineName, FrameSink, MachineOptions } from "./board/options.ts";
export type { RepeatingTrap, Stop } from "./board/stop.ts";
export { CpuError, defaultCpu, parseCpu } from "./board/cpu.ts";
export { ImageError } from "./board/image-error.ts";
export { createMachine } from "./board/virt.ts";
