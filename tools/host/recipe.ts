/** From what the user asked for to what a machine is built from: images read, defaults filled in, disks opened. */
import { type ElfProgram, isElf, parseElf } from "../../emulator/board/elf.ts";
import type { CpuOptions, EngineName, MachineOptions } from "../../emulator/board/options.ts";
import type { SymbolTable } from "../../emulator/board/symbols.ts";
import { symbolsOf } from "../code/address.ts";
import { openDisk, parseDisk } from "../disk/disk.ts";
import type { BuildProgress } from "../guest/build.ts";
import { Progress } from "../terminal/progress.ts";
import { exitStatus } from "./exit-status.ts";
import { Failure } from "./failure.ts";
import { readInput } from "./read-input.ts";

/** A machine as the command line describes it. Paths are the user's. */
export interface Recipe {
  /** "ours", "none" or a file; undefined leaves it to the kernel. */
  readonly bios: string | undefined;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly append: string | undefined;
  /** As `--disk` takes them. */
  readonly disks: readonly string[];
  readonly memory: number;
  readonly harts: number;
  readonly cpu: CpuOptions;
  readonly engine: EngineName;
  readonly entropySeed: bigint;
  readonly startTime: bigint;
}

export interface Ingredients {
  readonly options: MachineOptions;
  /** Names in the firmware and the kernel, where these are ELF files. */
  readonly symbols: SymbolTable;
  /** What runs, for titles: the kernel's path, or the firmware's. */
  readonly title: string;
  /** Aborted when a disk has had as many writes as the user said the power would last. */
  readonly powerLoss?: AbortSignal | undefined;
  /** What the user should know about the images, if anything. */
  readonly notices: readonly string[];
}

interface Image {
  readonly bytes: Uint8Array;
  /** Undefined when it is not an ELF file. */
  readonly program: ElfProgram | undefined;
}

/** Reads and checks everything `recipe` names, building our own guest first where it is asked for. Throws `Failure` and `ImageError`. */
export async function gather(recipe: Recipe): Promise<Ingredients> {
  const paths = await choosePaths(recipe);
  const kernel = paths.kernel === undefined ? undefined : await readProgram("kernel", paths.kernel);
  // A bare test program announces itself by the symbol through which it reports, and expects to start in M-mode.
  const bare =
    recipe.bios === "none" || (recipe.bios === undefined && kernel?.program?.symbols.named("tohost"));
  const firmware = bare ? undefined : await readProgram("bios", await paths.firmware());
  const initrd = paths.initrd === undefined ? undefined : await readInput("initrd", paths.initrd);
  const powerLoss = new AbortController();
  const disks = recipe.disks.map((text) => openDisk(parseDisk(text), () => powerLoss.abort()));
  return {
    options: {
      memory: recipe.memory,
      harts: recipe.harts,
      cpu: recipe.cpu,
      engine: recipe.engine,
      entropySeed: recipe.entropySeed,
      startTime: recipe.startTime,
      disks,
      ...(firmware && { firmware: firmware.bytes }),
      ...(kernel && { kernel: kernel.bytes }),
      ...(initrd && { initrd }),
      ...(recipe.append !== undefined && { append: recipe.append }),
    },
    symbols: symbolsOf(...[kernel, firmware].flatMap((image) => image?.program ?? [])),
    title: paths.title,
    powerLoss: powerLoss.signal,
    notices: disks.flatMap(({ notice }) => notice ?? []),
  };
}

interface Paths {
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly title: string;
  firmware(): Promise<string>;
}

async function choosePaths({ bios, kernel, initrd }: Recipe): Promise<Paths> {
  const given = bios === "ours" ? undefined : bios;
  const firmware = async () => given ?? (await buildOurs(({ buildFirmware }, say) => buildFirmware(say)));
  if (kernel !== undefined) return { kernel, initrd, title: kernel, firmware };
  if (given === "none") {
    throw new Failure(
      "with --bios none there is nothing to start: name a kernel, as in trapframe run --bios none IMAGE",
      exitStatus.badUsage,
    );
  }
  if (given !== undefined) return { kernel, initrd, title: given, firmware };
  const images = await buildOurs(({ buildImages }, say) => buildImages(say));
  return {
    kernel: images.kernel,
    initrd: initrd ?? images.initrd,
    title: "our own kernel",
    firmware: async () => images.firmware,
  };
}

type Builders = typeof import("../guest/images.ts");

function buildOurs<T>(build: (guest: Builders, say: BuildProgress) => Promise<T>): Promise<T> {
  return Progress.show("building the guest", async (progress) => {
    // Who brings images of their own need not wait until all that builds ours is loaded.
    const guest = await import("../guest/images.ts");
    return build(guest, (message) => progress.say(message));
  });
}

async function readProgram(role: string, path: string): Promise<Image> {
  const bytes = await readInput(role, path);
  return { bytes, program: isElf(bytes) ? parseElf(bytes, `${role} "${path}"`) : undefined };
}
