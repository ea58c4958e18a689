import { type ElfProgram, isElf, parseElf } from "./elf.ts";
import { hex, ImageError } from "./image-error.ts";
import { parseLinuxImage } from "./linux-image.ts";
import { bootRom, ramBase } from "./memory-map.ts";
import type { InitialState, MachineOptions } from "./options.ts";
import { SymbolTable } from "./symbols.ts";
import { virtDeviceTree } from "./virt-device-tree.ts";

export type BootOptions = Pick<
  MachineOptions,
  "memory" | "harts" | "cpu" | "firmware" | "kernel" | "initrd" | "append" | "entropySeed" | "initial"
>;

/** Bytes to stand in RAM before the first instruction. */
export interface Load {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** What a machine must hold before its harts start, all of them at the beginning of the boot ROM. */
export interface BootPlan {
  /** RAM not covered by these is zero. */
  readonly loads: readonly Load[];
  /** Contents of the boot ROM, from its first byte. */
  readonly bootRom: Uint8Array;
  readonly deviceTree: Uint8Array;
  /** Physical addresses of the HTIF registers, where a program has `tohost`. */
  readonly htif: { readonly tohost: number; readonly fromhost: number | undefined } | undefined;
  /** Names in the kernel and the firmware, kernel first. */
  readonly symbols: SymbolTable;
}

const MiB = 2 ** 20;
const pageBytes = 4096;
/** Alignment of kernel, initrd and device tree, so that a guest can map each with superpages of Sv39. */
const superpageBytes = 2 * MiB;
/** Guests with 32-bit addresses must reach the device tree; it stands below this. */
const deviceTreeLimit = 3072 * MiB;
/** Firmware adds nodes to the device tree in place. */
const deviceTreeGrowth = 2 * pageBytes;

/**
 * Where everything stands when a machine starts, and how its harts get there: QEMU's conventions for `virt`.
 * With firmware the harts enter it with a0 = hart, a1 = device tree, a2 = OpenSBI's `fw_dynamic` description of the
 * kernel; without, they enter the kernel so, in M-mode. Throws ImageError when the images cannot be started.
 */
export function planBoot(options: BootOptions): BootPlan {
  const { initial } = options;
  if (initial !== undefined) return planMidst({ ...options, initrd: undefined }, initial);
  const ram = new Ram(options.memory);
  const firmware = options.firmware && place(options.firmware, "firmware", ram, () => ramBase);
  const kernel =
    options.kernel &&
    place(options.kernel, "kernel", ram, (textOffset) =>
      Math.max(ramBase + textOffset, firmware ? alignUp(firmware.end, superpageBytes) : ramBase),
    );
  const first = firmware ?? kernel;
  if (first === undefined) throw new ImageError("machine", "nothing to run", "give it a kernel or firmware");

  const initrd = options.initrd && placeInitrd(options.initrd, kernel ?? first, ram);
  const deviceTree = virtDeviceTree({
    ...options,
    initrd: initrd && { start: initrd.address, end: initrd.address + initrd.bytes.length },
  });
  const deviceTreeAddress = placeDeviceTree(deviceTree.length, (kernel ?? first).start, ram);

  return {
    loads: [...ram.loads, { address: deviceTreeAddress, bytes: deviceTree }],
    bootRom: bootRomContents(first.entry, deviceTreeAddress, kernel?.entry ?? 0),
    deviceTree,
    htif: kernel?.htif ?? firmware?.htif,
    symbols: new SymbolTable([...(kernel?.symbols.all ?? []), ...(firmware?.symbols.all ?? [])]),
  };
}

/** Nothing is booted, and RAM holds no device tree. */
function planMidst(tree: Parameters<typeof virtDeviceTree>[0], { memory }: InitialState): BootPlan {
  const end = ramBase + tree.memory;
  const outside = memory.find(({ at, bytes }) => at < ramBase || Number(at) + bytes.length > end);
  if (outside !== undefined) {
    throw new ImageError(
      "initial state",
      `${outside.bytes.length} bytes at 0x${outside.at.toString(16)} lie outside RAM, which ends at ${hex(end - 1)}`,
      "give the machine more memory",
    );
  }
  return {
    loads: memory.map(({ at, bytes }) => ({ address: Number(at), bytes })),
    bootRom: new Uint8Array(0),
    deviceTree: virtDeviceTree(tree),
    htif: undefined,
    symbols: new SymbolTable([]),
  };
}

/** An image in RAM. */
interface Placed {
  readonly entry: number;
  readonly start: number;
  /** First byte after all memory it is known to use. */
  readonly end: number;
  readonly symbols: SymbolTable;
  readonly htif: BootPlan["htif"];
}

/** RAM while it fills: what is loaded where, and whether the next thing still has a place. */
class Ram {
  readonly end: number;
  readonly loads: Load[] = [];
  readonly #taken: { readonly what: string; readonly start: number; readonly end: number }[] = [];

  constructor(bytes: number) {
    this.end = ramBase + bytes;
  }

  holds(address: number, bytes: number): boolean {
    return address >= ramBase && address + bytes <= this.end;
  }

  /** Loads `bytes` as part of a range of `memoryBytes`. `what` names it in errors. */
  load(image: string, what: string, address: number, bytes: Uint8Array, memoryBytes: number): void {
    const end = address + memoryBytes;
    const range = `${what} at ${hex(address)} to ${hex(end - 1)}`;
    if (address < ramBase || address >= this.end) {
      throw new ImageError(
        image,
        `${range} lies outside RAM, which is ${hex(ramBase)} to ${hex(this.end - 1)}`,
        "link it to run within RAM",
      );
    }
    if (end > this.end) {
      throw new ImageError(
        image,
        `${range} (${memoryBytes} bytes) does not fit in RAM, which ends at ${hex(this.end - 1)}`,
        `give the machine at least ${Math.ceil((end - ramBase) / MiB)} MiB of memory`,
      );
    }
    const other = this.#taken.find((taken) => address < taken.end && taken.start < end);
    if (other !== undefined) {
      throw new ImageError(
        image,
        `${range} overlaps the ${other.what} at ${hex(other.start)} to ${hex(other.end - 1)}`,
        "link one of them elsewhere",
      );
    }
    this.#taken.push({ what: image, start: address, end });
    this.loads.push({ address, bytes });
  }

  /** The highest aligned address from `floor` on where `bytes` bytes are free below `limit`. */
  highestFree(bytes: number, alignment: number, floor: number, limit: number): number | undefined {
    let address = alignDown(limit - bytes, alignment);
    while (address >= floor) {
      const start = address;
      const blocker = this.#taken.find((taken) => start < taken.end && taken.start < start + bytes);
      if (blocker === undefined) return address;
      address = alignDown(blocker.start - bytes, alignment);
    }
    return undefined;
  }
}

/** Loads an image of any kind; `address` says where one goes that does not say so itself. */
function place(
  image: Uint8Array,
  name: "kernel" | "firmware",
  ram: Ram,
  address: (textOffset: number) => number,
): Placed {
  refuseUnloadable(image, name);
  if (isElf(image)) return placeProgram(parseElf(image, name), name, ram);
  const linux = parseLinuxImage(image, name);
  const start = address(linux?.textOffset ?? 0);
  const memoryBytes = linux?.memoryBytes ?? image.length;
  ram.load(name, "the image", start, image, memoryBytes);
  return { entry: start, start, end: start + memoryBytes, symbols: new SymbolTable([]), htif: undefined };
}

function refuseUnloadable(image: Uint8Array, name: string): void {
  if (image.length === 0) throw new ImageError(name, "the file is empty", "build or fetch it again");
  const starts = (...bytes: readonly number[]) => bytes.every((byte, index) => image[index] === byte);
  if (starts(0x1f, 0x8b)) throw new ImageError(name, "compressed with gzip", "decompress it first (gunzip)");
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) {
    throw new ImageError(name, "compressed with zstd", "decompress it first (unzstd)");
  }
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a)) {
    throw new ImageError(name, "compressed with xz", "decompress it first (unxz)");
  }
  // "MZ", two zeros, "zimg": Linux's EFI stub around a compressed kernel.
  if (starts(0x4d, 0x5a, 0, 0, 0x7a, 0x69, 0x6d, 0x67)) {
    throw new ImageError(
      name,
      "a kernel compressed for EFI (vmlinuz.efi)",
      "give the plain Image of the same kernel",
    );
  }
}

function placeProgram(program: ElfProgram, name: string, ram: Ram): Placed {
  for (const segment of program.segments) {
    const { contents, memoryBytes } = segment;
    ram.load(name, "the segment", Number(segment.physical), contents, Number(memoryBytes));
  }
  const entry = physicalAddress(program, program.entry);
  if (entry === undefined) {
    throw new ImageError(
      name,
      `the entry point ${hex(program.entry)} lies in none of its segments`,
      "name an entry symbol when linking (ENTRY in the linker script, or -e)",
    );
  }
  const starts = program.segments.map((segment) => Number(segment.physical));
  const ends = program.segments.map((segment) => Number(segment.physical + segment.memoryBytes));
  return {
    entry,
    start: Math.min(...starts),
    end: Math.max(...ends),
    symbols: program.symbols,
    htif: htifRegisters(program, ram),
  };
}

/** Where a program's virtual address is loaded. Code linked to run with paging on is entered before that. */
function physicalAddress(program: ElfProgram, virtual: bigint): number | undefined {
  const within = (start: bigint, bytes: bigint) => virtual >= start && virtual < start + bytes;
  const segment =
    program.segments.find((candidate) => within(candidate.virtual, candidate.memoryBytes)) ??
    program.segments.find((candidate) => within(candidate.physical, candidate.memoryBytes));
  if (segment === undefined) return undefined;
  const base = within(segment.virtual, segment.memoryBytes) ? segment.virtual : segment.physical;
  return Number(virtual - base + segment.physical);
}

/** The registers may be addresses that a linker script gives, in none of the segments. */
function htifRegisters(program: ElfProgram, ram: Ram): BootPlan["htif"] {
  const [tohost, fromhost] = ["tohost", "fromhost"].map((name) => {
    const symbol = program.symbols.named(name);
    if (symbol === undefined) return undefined;
    const address = physicalAddress(program, symbol.address) ?? Number(symbol.address);
    return ram.holds(address, 8) ? address : undefined;
  });
  return tohost === undefined ? undefined : { tohost, fromhost };
}

/** QEMU's place is half of RAM, at most 512 MiB, above the kernel; in a small machine it directly follows the kernel. */
function placeInitrd(bytes: Uint8Array, kernel: Placed, ram: Ram): Load {
  if (bytes.length === 0) throw new ImageError("initrd", "the file is empty", "build or fetch it again");
  const half = Math.min((ram.end - ramBase) / 2, 512 * MiB);
  const usual = alignUp(Math.max(kernel.end, kernel.start + half), superpageBytes);
  const fits = usual + bytes.length + superpageBytes <= ram.end;
  const address = fits ? usual : alignUp(kernel.end, pageBytes);
  if (address + bytes.length > ram.end) {
    const needed = Math.ceil((address + bytes.length + superpageBytes - ramBase) / MiB);
    throw new ImageError(
      "initrd",
      `its ${bytes.length} bytes do not fit in RAM between the kernel's end at ${hex(address)} and ${hex(ram.end - 1)}`,
      `give the machine at least ${needed} MiB of memory`,
    );
  }
  ram.load("initrd", "the image", address, bytes, bytes.length);
  return { address, bytes };
}

function placeDeviceTree(bytes: number, floor: number, ram: Ram): number {
  const room = bytes + deviceTreeGrowth;
  const limit = Math.min(ram.end, deviceTreeLimit);
  const address =
    ram.highestFree(room, superpageBytes, floor, limit) ?? ram.highestFree(room, pageBytes, floor, limit);
  if (address === undefined) {
    throw new ImageError(
      "device tree",
      `no ${room} bytes are free for it between ${hex(floor)} and ${hex(limit - 1)}`,
      "give the machine more memory, or smaller images",
    );
  }
  return address;
}

const fwDynamicMagic = 0x4942_534f;
const fwDynamicVersion = 2;
const supervisorMode = 1;

/**
 * The reset vector, and behind it what it refers to: the address to enter, the device tree's, and OpenSBI's
 * `struct fw_dynamic_info` for a kernel to be entered in S-mode, booted by hart 0.
 */
function bootRomContents(entry: number, deviceTree: number, kernelEntry: number): Uint8Array {
  const code = [
    0x0000_0297, // auipc t0, 0
    0x0282_8613, // addi  a2, t0, 40   fw_dynamic_info
    0xf140_2573, // csrr  a0, mhartid
    0x0202_b583, // ld    a1, 32(t0)   device tree
    0x0182_b283, // ld    t0, 24(t0)   entry
    0x0002_8067, // jr    t0
  ];
  const fwDynamicInfo = [fwDynamicMagic, fwDynamicVersion, kernelEntry, supervisorMode, 0, 0];
  const data = [entry, deviceTree, ...fwDynamicInfo];
  const rom = new Uint8Array(code.length * 4 + data.length * 8);
  const view = new DataView(rom.buffer);
  for (const [index, word] of code.entries()) view.setUint32(index * 4, word, true);
  for (const [index, value] of data.entries())
    view.setBigUint64(code.length * 4 + index * 8, BigInt(value), true);
  return rom;
}

/** Where every hart starts: the first instruction of the boot ROM. */
export const resetVector = bootRom.base;

function alignUp(address: number, alignment: number): number {
  return Math.ceil(address / alignment) * alignment;
}

function alignDown(address: number, alignment: number): number {
  return Math.floor(address / alignment) * alignment;
}
