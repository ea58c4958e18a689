/** The guest images that this repository's own sources make: firmware, kernel, and the archive of user programs. */

import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type BuildProgress, buildGuest, type GuestProgram } from "./build.ts";
import { writeCpio } from "./cpio.ts";
import { ROOT } from "./root.ts";

/** Absolute paths of the images. */
export interface GuestImages {
  /** Machine-mode SBI firmware, an ELF file. */
  firmware: string;
  /** Supervisor-mode kernel, an ELF file. */
  kernel: string;
  /** cpio archive of the user programs, for the kernel's initrd. */
  initrd: string;
}

const INITRD = ".build/guest/initrd.cpio";

/** The library that is linked into every user program. */
const LIBRARY = "userland/lib";

function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => /\.[cS]$/.test(name))
    .sort()
    .map((name) => `${folder}/${name}`);
}

function firmware(): GuestProgram {
  return {
    name: "firmware",
    sources: sourcesIn("kernel/firmware"),
    linkerScript: "kernel/firmware/link.ld",
    isa: "rv64imac",
    flags: ["-Ikernel/firmware"],
  };
}

function kernel(): GuestProgram {
  return {
    name: "kernel",
    sources: sourcesIn("kernel"),
    linkerScript: "kernel/kernel.ld",
    isa: "rv64imac",
    flags: ["-Ikernel"],
  };
}

function userPrograms(): GuestProgram[] {
  const isProgram = (folder: string): boolean =>
    folder !== LIBRARY && statSync(join(ROOT, folder)).isDirectory() && sourcesIn(folder).length > 0;
  const folders = readdirSync(join(ROOT, "userland")).map((name) => `userland/${name}`);
  return folders.filter(isProgram).map((folder) => ({
    name: folder,
    sources: [...sourcesIn(folder), ...sourcesIn(LIBRARY)],
    linkerScript: `${LIBRARY}/program.ld`,
    flags: [`-I${LIBRARY}`, "-Ikernel/abi", "-ffunction-sections", "-fdata-sections"],
    linkFlags: ["--gc-sections"],
  }));
}

/** Writes the archive unless it is already there, byte for byte. */
function writeInitrd(programs: readonly string[]): string {
  const archive = writeCpio(
    programs.map((path) => ({ type: "file", path: basename(path, ".elf"), data: readFileSync(path) })),
  );
  const path = join(ROOT, INITRD);
  if (!existsSync(path) || !readFileSync(path).equals(archive)) {
    const temporary = `${path}.${process.pid}`;
    writeFileSync(temporary, archive);
    renameSync(temporary, path);
  }
  return path;
}

/** Builds whichever images are out of date. Throws `GuestBuildError` when one does not build. */
export async function buildImages({ onProgress }: { onProgress?: BuildProgress } = {}): Promise<GuestImages> {
  const [firmwarePath, kernelPath, ...programPaths] = await Promise.all([
    buildGuest(firmware(), onProgress),
    buildGuest(kernel(), onProgress),
    ...userPrograms().map((program) => buildGuest(program, onProgress)),
  ]);
  return { firmware: firmwarePath, kernel: kernelPath, initrd: writeInitrd(programPaths) };
}
