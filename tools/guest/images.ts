/** The guest images that this repository's own sources make: firmware, kernel, and the archive of servers and programs. */

import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildProgress, buildGuest, type GuestProgram } from "./build.ts";
import { type CpioEntry, writeCpio } from "./cpio.ts";
import { type BuiltProgram, buildPrograms } from "./program.ts";
import { ROOT } from "./root.ts";
import { buildServers } from "./servers.ts";
import { stripProgram } from "./strip.ts";

/** Absolute paths of the images. */
export interface GuestImages {
  /** Machine-mode SBI firmware, an ELF file. */
  firmware: string;
  /** Supervisor-mode kernel, an ELF file. */
  kernel: string;
  /** cpio archive of servers and programs, for the kernel's initrd. */
  initrd: string;
}

const INITRD = ".build/guest/initrd.cpio";

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

/** The initrd's files: the kernel starts `supervisor`, which starts the servers; all of it is the guest's `/`. */
function initrdEntries(servers: readonly BuiltProgram[], programs: readonly BuiltProgram[]): CpioEntry[] {
  const file = (path: string, program: BuiltProgram): CpioEntry => ({
    type: "file",
    path,
    data: stripProgram(readFileSync(program.path)),
  });
  return [
    { type: "directory", path: "servers" },
    { type: "directory", path: "bin" },
    ...servers.map((server) =>
      file(server.name === "supervisor" ? server.name : `servers/${server.name}`, server),
    ),
    ...programs.map((program) => file(`bin/${program.name}`, program)),
  ];
}

/** Writes the archive unless it is already there, byte for byte. */
function writeInitrd(entries: readonly CpioEntry[]): string {
  const archive = writeCpio(entries);
  const path = join(ROOT, INITRD);
  if (!existsSync(path) || !readFileSync(path).equals(archive)) {
    const temporary = `${path}.${process.pid}`;
    writeFileSync(temporary, archive);
    renameSync(temporary, path);
  }
  return path;
}

/** Builds the firmware alone, if it is out of date; its absolute path. Throws `GuestBuildError` when it does not build. */
export function buildFirmware(onProgress?: BuildProgress): Promise<string> {
  return buildGuest(firmware(), onProgress);
}

/** Builds the kernel alone, if it is out of date; its absolute path. Throws `GuestBuildError` when it does not build. */
export function buildKernel(onProgress?: BuildProgress): Promise<string> {
  return buildGuest(kernel(), onProgress);
}

/** Our initrd with further files in it; builds what is out of date. Throws `GuestBuildError` when it does not build. */
export async function initrdWith(files: readonly CpioEntry[]): Promise<Uint8Array> {
  const [servers, programs] = await Promise.all([buildServers(), buildPrograms()]);
  return writeCpio([...initrdEntries(servers, programs), ...files]);
}

/** Builds whichever images are out of date. Throws `GuestBuildError` when one does not build. */
export async function buildImages(onProgress?: BuildProgress): Promise<GuestImages> {
  const [firmwarePath, kernelPath, servers, programs] = await Promise.all([
    buildFirmware(onProgress),
    buildKernel(onProgress),
    buildServers(onProgress),
    buildPrograms(onProgress),
  ]);
  return {
    firmware: firmwarePath,
    kernel: kernelPath,
    initrd: writeInitrd(initrdEntries(servers, programs)),
  };
}
