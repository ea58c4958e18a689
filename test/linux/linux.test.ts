import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readyMarker } from "../../tools/linux/initramfs.ts";
import {
  conversation,
  limitSeconds,
  readFromExt4,
  requireCommand,
  requireDebian,
  requireFile,
  trapframeRun,
  Workshop,
} from "./linux-guest.ts";

const bootMilliseconds = (limitSeconds + 20) * 1000;
const prompt = "# ";

const debian = requireDebian();
const openSbi = requireFile("/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin", "opensbi");
const hasExt4Tools = requireCommand("mkfs.ext4", "e2fsprogs");

describe.skipIf(debian === undefined)("Debian's Linux", () => {
  const workshop = new Workshop();
  let shell = "";
  let kernel = "";

  beforeAll(() => {
    if (debian === undefined) return;
    kernel = debian.kernel;
    shell = workshop.shellInitramfs(debian);
  });
  afterAll(() => workshop.remove());

  describe.each([
    { firmware: "our firmware", bios: "ours" },
    { firmware: "OpenSBI", bios: openSbi },
  ])("under $firmware", ({ bios }) => {
    test.skipIf(bios === undefined).each([1, 4])(
      "boots to a shell with %i harts, runs commands and powers off",
      async (harts) => {
        const { status, console } = await trapframeRun(
          kernel,
          `--bios=${bios}`,
          `--initrd=${shell}`,
          `--harts=${harts}`,
          "--append=console=ttyS0",
          ...conversation(
            [readyMarker],
            [prompt, "uname -srm\\n"],
            ["^Linux 6\\.\\S+ riscv64\\s"],
            [prompt, "echo harts: $(nproc)\\n"],
            [`^harts: ${harts}\\s`],
            [prompt, "seq 1 1000 | sha256sum\\n"],
            ["^67d4ff71d43921d5739f387da09746f405e425b07d727e4c69d029461d1f051f"],
            [prompt, "grep -m1 ^isa /proc/cpuinfo\\n"],
            ["^isa\\s+: rv64imafdc_zicbom_zicboz_\\S*_zfhmin_\\S*_sstc_svinval_svnapot_svpbmt\\s"],
            [prompt, "false; echo status $?; exit\\n"],
            ["^status 1\\s"],
            ["reboot: Power down"],
          ),
        );
        expect(status, console).toBe(0);
      },
      bootMilliseconds,
    );
  });

  // Without Svadu Linux sets A and D itself.
  test.each([
    ["rv64gc", "zicntr_zicsr_zifencei_zca_zcd_zkt"],
    ["rva22s64", "zicbom_zicboz_\\S+_zkt_svinval_svnapot_svpbmt"],
    ["max", "zicbom_zicboz_\\S+_zicond_\\S+_zcb_\\S+_zbc_\\S+_sstc_svinval_svnapot_svpbmt"],
  ])(
    "boots on %s",
    async (cpu, extensions) => {
      const { status, console } = await trapframeRun(
        kernel,
        `--cpu=${cpu}`,
        `--initrd=${shell}`,
        "--append=console=ttyS0",
        ...conversation(
          [prompt, "grep -m1 ^isa /proc/cpuinfo; exit\\n"],
          [`^isa\\s+: rv64imafdc_${extensions}\\s`],
          ["reboot: Power down"],
        ),
      );
      expect(status, console).toBe(0);
    },
    bootMilliseconds,
  );

  test.skipIf(!hasExt4Tools)(
    "runs from an ext4 file system on a disk, and what it writes is there afterwards",
    async () => {
      if (debian === undefined) return;
      const disk = workshop.ext4Root(debian);
      const { status, console } = await trapframeRun(
        kernel,
        `--initrd=${workshop.diskInitramfs(debian)}`,
        `--disk=${disk}`,
        "--append=console=ttyS0",
        ...conversation(
          [readyMarker],
          [prompt, "grep ' / ext4 rw' /proc/mounts\\n"],
          ["^/dev/vda / ext4 rw"],
          [prompt, "seq 1 5000 | sha256sum > /written; sync; umount -r /; exit\\n"],
          ["reboot: Power down"],
        ),
      );
      expect(status, console).toBe(0);
      expect(readFromExt4(disk, "/written")).toMatch(
        /^23f90f8b2c3a4b5f3b5e156339994afd5c2718b378aca6f0e17111f80a70d4ec/,
      );
    },
    bootMilliseconds,
  );
});

describe.each([
  { role: "as the firmware", path: "/usr/lib/u-boot/qemu-riscv64/u-boot.bin", option: "--bios" },
  { role: "under our firmware", path: "/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin", option: "--kernel" },
])("U-Boot $role", ({ path, option }) => {
  const image = requireFile(path, "u-boot-qemu");

  test.skipIf(image === undefined)(
    "reaches its prompt, reads its environment and powers off",
    async () => {
      const { status, console } = await trapframeRun(
        `${option}=${image}`,
        ...conversation(
          ["stop autoboot", "\\n"],
          ["^=> ", "printenv board_name\\n"],
          ["^board_name=qemu-riscv"],
          ["^=> ", "setenv answer 42; printenv answer\\n"],
          ["^answer=42"],
          ["^=> ", "poweroff\\n"],
        ),
      );
      expect(status, console).toBe(0);
    },
    bootMilliseconds,
  );
});
