/** Root file systems for Linux guests, made of a busybox and a start script. */
import type { CpioEntry } from "../guest/cpio.ts";
import { writeCpio } from "../guest/cpio.ts";
import type { KernelModule } from "./modules.ts";

/** The busybox commands that scripts here use: each becomes a link in /bin. */
const commands =
  "sh cat cttyhack dd dmesg echo false grep head insmod ls mkdir mount mv nproc poweroff ps reboot rm rmdir " +
  "seq setsid sha256sum sleep switch_root sync true umount uname wc";

/** What is printed when the system is up and the shell is about to start. */
export const readyMarker = "trapframe: Linux is up";

const mountKernelFiles = `mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev`;

/** A start script that gives a shell on the console and switches the machine off when that ends. */
export const shellInit = `#!/bin/sh
${mountKernelFiles}
echo "${readyMarker}"
setsid cttyhack sh
poweroff -f
`;

/** A start script that is up and at once switches the machine off. */
export const powerOffInit = `#!/bin/sh
${mountKernelFiles}
echo "${readyMarker}"
poweroff -f
`;

/** A start script that inserts the modules and carries on with /sbin/init of an ext4 file system on the first disk. */
export function diskRootInit(modules: readonly KernelModule[]): string {
  return `#!/bin/sh
${mountKernelFiles}
${modules.map(({ name }) => `insmod /modules/${name}.ko`).join("\n")}
mount -t ext4 /dev/vda /root || exec sh
umount /proc /sys /dev
exec switch_root /root /sbin/init
`;
}

/** The files of a small system: busybox, its commands, `init` under the name `initPath`, and places to mount things. */
export function systemFiles(busybox: Uint8Array, initPath: string, init: string): CpioEntry[] {
  return [
    ...["bin", "dev", "proc", "root", "sbin", "sys", "tmp"].map(
      (path) => ({ type: "directory", path }) as const,
    ),
    { type: "file", path: "bin/busybox", data: busybox },
    ...commands
      .split(" ")
      .map((name) => ({ type: "symlink", path: `bin/${name}`, target: "busybox" }) as const),
    { type: "file", path: initPath, data: new TextEncoder().encode(init) },
  ];
}

/** An initramfs whose /init is `init`, with `modules` in /modules. */
export function writeInitramfs(
  busybox: Uint8Array,
  init: string,
  modules: readonly KernelModule[] = [],
): Uint8Array {
  return writeCpio([
    ...systemFiles(busybox, "init", init),
    // The kernel opens it for /init before anything can be mounted.
    { type: "character-device", path: "dev/console", major: 5, minor: 1 },
    ...modules.map(({ name, bytes }) => ({ type: "file", path: `modules/${name}.ko`, data: bytes }) as const),
  ]);
}
