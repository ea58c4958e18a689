/** Debian's riscv64 kernel and busybox, unpacked below a folder: guests that nobody here wrote. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";

export interface DebianLinux {
  /** Path of an uncompressed boot Image. */
  readonly kernel: string;
  /** Path of a static busybox. */
  readonly busybox: string;
  /** Folder of the kernel's modules. */
  readonly modules: string;
}

/** Where the packages lie when nobody says otherwise, from the top of the repository. */
export const debianFolder = ".build/debian";

/** The packages' files below `folder`. Throws `Failure` that says what is missing. */
export function openDebian(folder: string): DebianLinux {
  const boot = join(folder, "boot");
  const image = existsSync(boot) && readdirSync(boot).find((name) => name.startsWith("vmlinux-"));
  const busybox = join(folder, "usr/bin/busybox");
  if (!image) throw missing(folder, "boot/vmlinux-*, a Linux kernel for riscv64");
  if (!existsSync(busybox))
    throw missing(folder, "usr/bin/busybox, of the package busybox-static for riscv64");
  return {
    kernel: join(boot, image),
    busybox,
    modules: join(folder, "usr/lib/modules", image.slice("vmlinux-".length)),
  };
}

function missing(folder: string, what: string): Failure {
  return new Failure(
    `"${folder}" has no ${what}; unpack Debian's packages linux-image-riscv64 and busybox-static there`,
    exitStatus.badInput,
  );
}

/**
 * The packages in the folder that the environment's `TRAPFRAME_LINUX` names, or in `debianFolder`; undefined when there
 * is neither. Throws `Failure` when the folder lacks something.
 */
export function findDebian(root: string): DebianLinux | undefined {
  const named = process.env.TRAPFRAME_LINUX;
  if (named !== undefined && named !== "") return openDebian(named);
  const usual = join(root, debianFolder);
  return existsSync(usual) ? openDebian(usual) : undefined;
}
