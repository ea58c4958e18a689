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

/** Numbers that a test program finds in its initrd. */
export interface Numbers {
  /** What the test is scaled by. */
  amount?: number;
  /** Milliseconds by which a thread may wake too late; 1 if it is not said. */
  lateness?: number;
}

/** Builds the program that tests a subject; an initrd with it and its numbers. */
export async function buildInitrd(subject: string, numbers: Numbers = {}): Promise<Uint8Array> {
  const program = await buildProgram({
    name: `test/kernel/${subject}`,
    sources: [`${GUESTS}/${subject}.c`, ...sourcesIn(`${GUESTS}/harness`), ...sourcesIn(LIBRARY)],
    flags: ["-O2", "-Iuserland", "-Ikernel/abi", `-I${GUESTS}`],
  });
  const file = (path: string, data: Uint8Array): CpioEntry => ({ type: "file", path, data });
  return writeCpio([
    file("supervisor", stripProgram(readFileSync(program))),
    ...Object.entries(numbers).map(([name, number]) => file(name, new TextEncoder().encode(`${number}\n`))),
  ]);
}
