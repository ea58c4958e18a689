/** The test programs, each in an initrd of its own, where it takes the place of the supervisor. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildGuest, buildProgram } from "../../tools/guest/build.ts";
import { type CpioEntry, writeCpio } from "../../tools/guest/cpio.ts";
import { ROOT } from "../../tools/guest/root.ts";
import { stripProgram } from "../../tools/guest/strip.ts";

const GUESTS = "test/kernel/guest";
const LIBRARY = "userland/lib";

function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => /\.[cS]$/.test(name))
    .sort()
    .map((name) => `${folder}/${name}`);
}

/** Builds the kernel; the absolute path of its ELF file. */
export function buildKernel(): Promise<string> {
  return buildGuest({
    name: "test/kernel/kernel",
    sources: sourcesIn("kernel"),
    linkerScript: "kernel/kernel.ld",
    isa: "rv64imac",
    flags: ["-Ikernel"],
  });
}

/** Builds the program that tests a subject; an initrd with it, and with the number its test is scaled by. */
export async function buildInitrd(subject: string, amount?: number): Promise<Uint8Array> {
  const program = await buildProgram({
    name: `test/kernel/${subject}`,
    sources: [`${GUESTS}/${subject}.c`, ...sourcesIn(`${GUESTS}/harness`), ...sourcesIn(LIBRARY)],
    flags: ["-O2", "-Iuserland", "-Ikernel/abi", `-I${GUESTS}`],
  });
  const entries: CpioEntry[] = [
    { type: "file", path: "supervisor", data: stripProgram(readFileSync(program)) },
  ];
  if (amount !== undefined)
    entries.push({ type: "file", path: "amount", data: new TextEncoder().encode(`${amount}\n`) });
  return writeCpio(entries);
}
