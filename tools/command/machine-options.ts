/** The options that describe a machine, alike in every command that starts one. */
import type { Argv, InferredOptionTypes } from "yargs";
import { CpuError, cpuBases, parseCpu } from "../../emulator/board/cpu.ts";
import { type CpuOptions, defaultOptions } from "../../emulator/board/options.ts";
import { engineNames } from "../../emulator/engine/names.ts";
import type { Recipe } from "../host/recipe.ts";
import { parseCount, parseSize, parseTime, parseUnsigned, usage } from "./quantity.ts";

const pageBytes = 4096;
const leastMemory = 2 ** 20;
const mostMemory = 3 * 2 ** 30;
const mostHarts = 8;
const group = "Machine:";

const machineOptions = {
  bios: {
    group,
    type: "string",
    requiresArg: true,
    description:
      'firmware: "ours", "none", or a FILE [default: ours; none for a kernel with a tohost symbol]',
  },
  kernel: {
    group,
    type: "string",
    requiresArg: true,
    description: "ELF file, Linux Image or raw binary, the same as IMAGE [default: our own]",
  },
  initrd: { group, type: "string", requiresArg: true, description: "initial ramdisk for the kernel" },
  append: { group, type: "string", requiresArg: true, description: "kernel command line" },
  disk: {
    group,
    type: "string",
    array: true,
    requiresArg: true,
    description:
      "disk image FILE[,readonly|,snapshot|,crash-after=WRITES][,latency=TIME]; may be given again for more",
  },
  memory: { group, type: "string", requiresArg: true, default: "256M", description: "size of RAM" },
  harts: { group, type: "string", requiresArg: true, default: "1", description: `1 to ${mostHarts}` },
  cpu: {
    group,
    type: "string",
    requiresArg: true,
    default: "",
    defaultDescription: "rva22s64,svadu,sstc,sv57,tlb=128x4",
    description:
      `${cpuBases.join("|")} or else the default, changed by NAME, no-NAME, svadu, leaky, sv39|sv48|sv57, ` +
      "tlb=SETSxWAYS, separated by commas",
  },
  engine: {
    group,
    choices: engineNames,
    requiresArg: true,
    default: defaultOptions.engine,
    description: "how instructions are executed",
  },
  seed: { group, type: "string", requiresArg: true, default: "1", description: "seed of the entropy device" },
  rtc: {
    group,
    type: "string",
    requiresArg: true,
    // Not the host's clock: a run without options must be the same run every time.
    default: "2026-01-01",
    description: 'time at which the guest\'s clock starts: a date, seconds since 1970, or "now"',
  },
  "dump-dtb": {
    group,
    type: "string",
    requiresArg: true,
    description: "write the device tree to this file and exit",
  },
} as const;

export type MachineArguments = InferredOptionTypes<typeof machineOptions> & { image: string | undefined };

/** Adds the positional IMAGE and the machine's options to a command. */
export function withMachine<Arguments>(yargs: Argv<Arguments>) {
  return yargs
    .positional("image", { type: "string", description: "kernel to start [default: our own guest]" })
    .options(machineOptions);
}

/** What the options ask for. Throws `Failure` on anything that makes no sense. */
export function readRecipe(given: MachineArguments): Recipe {
  if (given.image !== undefined && given.kernel !== undefined) {
    throw usage(`"${given.image}" and --kernel "${given.kernel}" both name a kernel; give one of them`);
  }
  return {
    bios: given.bios,
    kernel: given.image ?? given.kernel,
    initrd: given.initrd,
    append: given.append,
    disks: given.disk ?? [],
    memory: parseMemory(given.memory),
    harts: parseCount("--harts", given.harts, 1, mostHarts),
    cpu: readCpu(given.cpu),
    engine: given.engine,
    entropySeed: parseUnsigned("--seed", given.seed),
    startTime: given.rtc === "now" ? BigInt(Date.now()) * 1_000_000n : parseTime("--rtc", given.rtc),
  };
}

function parseMemory(text: string): number {
  const bytes = parseSize("--memory", text);
  if (bytes % pageBytes !== 0) throw usage(`--memory: ${text} is not a multiple of ${pageBytes} bytes`);
  if (bytes < leastMemory || bytes > mostMemory) throw usage(`--memory: ${text} is not between 1M and 3G`);
  return bytes;
}

function readCpu(list: string): CpuOptions {
  try {
    return parseCpu(list);
  } catch (error) {
    if (error instanceof CpuError) throw usage(`--cpu: ${error.message}`);
    throw error;
  }
}
