import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type BootOptions, type BootPlan, planBoot } from "./boot.ts";
import { decodeDeviceTree, doubleCells } from "./device-tree.ts";
import { buildElf, type FixtureSegment, type FixtureSymbol } from "./elf-fixture.ts";
import { ImageError } from "./image-error.ts";

const MiB = 2 ** 20;
const machine = {
  memory: 128 * MiB,
  harts: 1,
  cpu: { extensions: new Set<string>(), svadu: false, leaky: false, tlbSets: 64, tlbWays: 4 },
  entropySeed: 0n,
} satisfies BootOptions;

const plan = (options: Partial<BootOptions>) => planBoot({ ...machine, ...options });
const raw = (bytes: number) => new Uint8Array(bytes).fill(0x13);

function elf(entry: bigint, segments: FixtureSegment[], symbols: FixtureSymbol[] = []): Uint8Array {
  return buildElf({ entry, segments, symbols, text: { address: entry, bytes: 0x1000n } });
}

const segment = (virtual: number, bytes: number, memoryBytes = bytes): FixtureSegment => ({
  virtual: BigInt(virtual),
  contents: raw(bytes),
  memoryBytes: BigInt(memoryBytes),
});

function linuxImage(fileBytes: number, memoryBytes: number, textOffset = 0x20_0000): Uint8Array {
  const image = new Uint8Array(fileBytes);
  const view = new DataView(image.buffer);
  view.setBigUint64(8, BigInt(textOffset), true);
  view.setBigUint64(16, BigInt(memoryBytes), true);
  view.setUint32(56, 0x05435352, true);
  return image;
}

/** What the boot ROM refers to. */
function rom(boot: BootPlan) {
  const view = new DataView(boot.bootRom.buffer);
  const [entry, deviceTree, magic, version, next, mode, options, hart] = Array.from(
    { length: 8 },
    (_, index) => Number(view.getBigUint64(24 + index * 8, true)),
  );
  return { entry, deviceTree, magic, version, next, mode, options, hart };
}

const addresses = (boot: BootPlan) => boot.loads.map((load) => load.address);
const chosen = (boot: BootPlan) =>
  decodeDeviceTree(boot.deviceTree).children.find((child) => child.name === "chosen")?.properties;

describe("placement", () => {
  test("firmware stands at the start of RAM, the kernel 2 MiB up, the initrd half of RAM above, the tree on top", () => {
    const boot = plan({ firmware: raw(100), kernel: raw(200), initrd: raw(300) });
    expect(addresses(boot)).toEqual([0x8000_0000, 0x8020_0000, 0x8420_0000, 0x87e0_0000]);
    expect(boot.loads.map((load) => load.bytes.length)).toEqual([100, 200, 300, boot.deviceTree.length]);
    expect(rom(boot)).toEqual({
      entry: 0x8000_0000,
      deviceTree: 0x87e0_0000,
      magic: 0x4942_534f,
      version: 2,
      next: 0x8020_0000,
      mode: 1,
      options: 0,
      hart: 0,
    });
    expect(chosen(boot)?.get("linux,initrd-start")).toEqual(doubleCells(0x8420_0000));
    expect(chosen(boot)?.get("linux,initrd-end")).toEqual(doubleCells(0x8420_0000 + 300));
  });

  test("the kernel makes way for large firmware", () => {
    expect(addresses(plan({ firmware: raw(3 * MiB), kernel: raw(4) }))[1]).toBe(0x8040_0000);
  });

  test("a raw kernel alone is entered at the start of RAM", () => {
    const boot = plan({ kernel: raw(4) });
    expect(addresses(boot)[0]).toBe(0x8000_0000);
    expect(rom(boot).entry).toBe(0x8000_0000);
  });

  test("firmware alone has no next stage", () => {
    expect(rom(plan({ firmware: raw(4) })).next).toBe(0);
  });

  test("a Linux image stands where its header says", () => {
    expect(addresses(plan({ kernel: linuxImage(64, 0x1000) }))[0]).toBe(0x8020_0000);
    expect(addresses(plan({ kernel: linuxImage(64, 0x1000, 0) }))[0]).toBe(0x8000_0000);
    expect(addresses(plan({ firmware: raw(4), kernel: linuxImage(64, 0x1000, 0) }))[1]).toBe(0x8020_0000);
  });

  test("an ELF kernel stands at its physical addresses and is entered there", () => {
    const high = {
      ...segment(0xc000_0000, 16, 0x1000),
      virtual: 0xffff_ffc0_0000_0000n,
      physical: 0x8020_0000n,
    };
    const boot = plan({
      firmware: raw(4),
      kernel: elf(0xffff_ffc0_0000_0008n, [high, segment(0x8030_0000, 8)]),
    });
    expect(addresses(boot).slice(1, 3)).toEqual([0x8020_0000, 0x8030_0000]);
    expect(rom(boot).next).toBe(0x8020_0008);
    const physicalEntry = plan({ firmware: raw(4), kernel: elf(0x8020_0004n, [high]) });
    expect(rom(physicalEntry).next).toBe(0x8020_0004);
  });

  test("ELF firmware is entered at its own entry", () => {
    expect(rom(plan({ firmware: elf(0x8000_0010n, [segment(0x8000_0000, 32)]) })).entry).toBe(0x8000_0010);
  });

  test("the initrd keeps clear of memory the kernel takes beyond its file", () => {
    const boot = plan({ firmware: raw(4), kernel: linuxImage(64, 70 * MiB), initrd: raw(4) });
    expect(addresses(boot)[2]).toBe(0x8020_0000 + 70 * MiB);
  });

  test("in a small machine the initrd directly follows the kernel", () => {
    const boot = plan({ memory: 32 * MiB, firmware: raw(4), kernel: raw(5000), initrd: raw(20 * MiB) });
    expect(addresses(boot)[2]).toBe(0x8020_2000);
  });

  test("in a large machine initrd and tree stay low", () => {
    const boot = plan({ memory: 8192 * MiB, firmware: raw(4), kernel: raw(4), initrd: raw(4) });
    expect(addresses(boot).slice(2)).toEqual([0x8020_0000 + 512 * MiB, 0xbfe0_0000]);
  });

  test("the tree makes way for an image at the top", () => {
    const high = segment(0x8700_0000, 8, 0x00ff_f000);
    const boot = plan({ kernel: elf(0x8000_0000n, [segment(0x8000_0000, 8), high]) });
    expect(addresses(boot)).toEqual([0x8000_0000, 0x8700_0000, 0x86e0_0000]);
  });

  test("in a tiny machine the tree gives up its alignment, not its distance from the kernel", () => {
    const boot = plan({ memory: MiB, kernel: elf(0x8000_0000n, [segment(0x8000_0000, 8, 0x1000)]) });
    const address = addresses(boot).at(-1) ?? 0;
    expect(address % 4096).toBe(0);
    expect(address).toBeGreaterThan(0x8008_0000);
    expect(address + boot.deviceTree.length + 8192).toBeLessThanOrEqual(0x8010_0000);
  });
});

test("the boot ROM's loads reach the data behind its code", () => {
  const { bootRom } = plan({ kernel: raw(4) });
  const view = new DataView(bootRom.buffer);
  const immediate = (index: number) => view.getInt32(index * 4, true) >> 20;
  // auipc t0 holds the ROM's base, so that these are offsets into it.
  expect(view.getUint32(0, true)).toBe(0x297);
  expect([immediate(1), immediate(3), immediate(4)]).toEqual([40, 32, 24]);
  expect(bootRom.length).toBe(24 + 8 * 8);
});

describe("symbols", () => {
  const kernel = elf(
    0x8020_0000n,
    [
      { ...segment(0, 0x100), virtual: 0xffff_ffc0_0000_0000n, physical: 0x8020_0000n },
      segment(0x8021_0000, 64),
    ],
    [
      { name: "kmain", address: 0xffff_ffc0_0000_0010n },
      { name: "tohost", address: 0xffff_ffc0_0000_0040n, info: 0x11 },
      { name: "fromhost", address: 0x8021_0008n, info: 0x11 },
    ],
  );
  const firmware = elf(
    0x8000_0000n,
    [segment(0x8000_0000, 64)],
    [{ name: "sbi_init", address: 0x8000_0000n }],
  );

  test("of kernel and firmware are all known", () => {
    const { symbols } = plan({ firmware, kernel });
    expect(symbols.named("kmain")?.address).toBe(0xffff_ffc0_0000_0010n);
    expect(symbols.symbolAt(0x8000_0004n)).toMatchObject({ symbol: { name: "sbi_init" }, offset: 4n });
  });

  test("give the HTIF registers at their physical addresses", () => {
    expect(plan({ firmware, kernel }).htif).toEqual({ tohost: 0x8020_0040, fromhost: 0x8021_0008 });
    expect(plan({ firmware }).htif).toBeUndefined();
  });

  test("may place the HTIF registers in RAM outside the program, not outside RAM", () => {
    const at = (address: bigint) =>
      plan({ kernel: elf(0x8000_0000n, [segment(0x8000_0000, 64)], [{ name: "tohost", address }]) }).htif;
    expect(at(0x8000_1000n)).toEqual({ tohost: 0x8000_1000, fromhost: undefined });
    expect(at(0x1000n)).toBeUndefined();
  });
});

describe("refused", () => {
  test.each<[string, Partial<BootOptions>, string]>([
    ["nothing", {}, "machine: nothing to run; give it a kernel or firmware"],
    ["an empty kernel", { kernel: raw(0) }, "kernel: the file is empty"],
    ["empty firmware", { firmware: raw(0) }, "firmware: the file is empty"],
    ["an empty initrd", { kernel: raw(4), initrd: raw(0) }, "initrd: the file is empty"],
    [
      "gzip",
      { kernel: Uint8Array.of(0x1f, 0x8b, 8) },
      "kernel: compressed with gzip; decompress it first (gunzip)",
    ],
    ["zstd", { kernel: Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd) }, "kernel: compressed with zstd"],
    ["xz", { kernel: Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0) }, "kernel: compressed with xz"],
    ["zboot", { kernel: Uint8Array.of(0x4d, 0x5a, 0, 0, 0x7a, 0x69, 0x6d, 0x67) }, "give the plain Image"],
    [
      "a raw image larger than RAM",
      { memory: MiB, kernel: raw(MiB + 1) },
      "kernel: the image at 0x80000000 to 0x80100000 (1048577 bytes) does not fit in RAM, which ends at " +
        "0x800fffff; give the machine at least 2 MiB of memory",
    ],
    [
      "a Linux kernel whose memory is larger than RAM",
      { memory: 16 * MiB, kernel: linuxImage(64, 20 * MiB) },
      "kernel: the image at 0x80200000 to 0x815fffff (20971520 bytes) does not fit in RAM",
    ],
    [
      "a segment below RAM",
      { kernel: elf(0x1000n, [segment(0x1000, 16)]) },
      "kernel: the segment at 0x1000 to 0x100f lies outside RAM, which is 0x80000000 to 0x87ffffff; link it",
    ],
    [
      "a segment beyond RAM",
      { kernel: elf(0xffff_ffff_8000_0000n, [{ virtual: 0xffff_ffff_8000_0000n, contents: raw(4) }]) },
      "kernel: the segment at 0xffffffff80000000 to",
    ],
    [
      "an entry point outside the program",
      { kernel: elf(0x8000_1000n, [segment(0x8000_0000, 16)]) },
      "kernel: the entry point 0x80001000 lies in none of its segments",
    ],
    [
      "a kernel over the firmware",
      { firmware: raw(0x20_0004), kernel: elf(0x8020_0000n, [segment(0x8020_0000, 16)]) },
      "kernel: the segment at 0x80200000 to 0x8020000f overlaps the firmware at 0x80000000 to 0x80200003",
    ],
    [
      "an initrd larger than what is left",
      { memory: 16 * MiB, firmware: raw(4), kernel: raw(4), initrd: raw(14 * MiB) },
      "initrd: its 14680064 bytes do not fit in RAM between the kernel's end at 0x80201000 and 0x80ffffff; give " +
        "the machine at least 19 MiB of memory",
    ],
    ["a machine without room for the tree", { memory: 4096, kernel: raw(4) }, "device tree: no 1"],
  ])("%s", (_, options, message) => {
    expect(() => plan(options)).toThrow(ImageError);
    expect(() => plan(options)).toThrow(message);
  });

  test("but not the memory size that the message asks for", () => {
    const images = { firmware: raw(4), kernel: raw(4), initrd: raw(14 * MiB) };
    expect(() => plan({ ...images, memory: 19 * MiB })).not.toThrow();
  });
});

describe("images nobody here wrote", () => {
  const unpacked =
    process.env.TRAPFRAME_LINUX ?? fileURLToPath(new URL("../../.build/debian", import.meta.url));
  const directory = join(unpacked, "boot");
  const debian = existsSync(directory)
    ? readdirSync(directory).find((name) => name.startsWith("vmlinux-"))
    : undefined;
  const openSbi = "/usr/lib/riscv64-linux-gnu/opensbi/generic";
  const uBoot = "/usr/lib/u-boot/qemu-riscv64";
  const uBootS = "/usr/lib/u-boot/qemu-riscv64_smode";
  const read = (path: string) => new Uint8Array(readFileSync(path));

  test.skipIf(debian === undefined || !existsSync(openSbi))("OpenSBI and Debian's kernel", () => {
    for (const name of ["fw_dynamic.bin", "fw_jump.elf"]) {
      const boot = plan({
        firmware: read(`${openSbi}/${name}`),
        kernel: read(`${directory}/${debian}`),
        initrd: raw(9),
      });
      expect(addresses(boot)).toEqual([0x8000_0000, 0x8020_0000, 0x8420_0000, 0x87e0_0000]);
    }
  });

  test.skipIf(!existsSync(uBoot))("U-Boot as firmware and as M-mode kernel", () => {
    expect(rom(plan({ firmware: read(`${uBoot}/u-boot.bin`) })).entry).toBe(0x8000_0000);
    expect(rom(plan({ kernel: read(`${uBoot}/uboot.elf`) })).entry).toBe(0x8000_0000);
  });

  test.skipIf(!existsSync(uBootS) || !existsSync(openSbi))("OpenSBI and U-Boot in S-mode", () => {
    for (const name of ["u-boot.bin", "uboot.elf"]) {
      const boot = plan({ firmware: read(`${openSbi}/fw_dynamic.elf`), kernel: read(`${uBootS}/${name}`) });
      expect(rom(boot).next).toBe(0x8020_0000);
    }
  });
});
