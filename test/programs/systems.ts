/** The systems that programs are tested on: our own, and Debian's Linux, which shows that they are honest Linux programs. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CpioEntry, writeCpio } from "../../tools/guest/cpio.ts";
import { buildFirmware, buildKernel, initrdWith } from "../../tools/guest/images.ts";
import { buildPrograms } from "../../tools/guest/program.ts";
import { stripProgram } from "../../tools/guest/strip.ts";
import { conversation, type Finished, requireDebian, trapframeRun } from "../linux/linux-guest.ts";

/** A system to run our programs on. */
export interface System {
  readonly name: string;
  /** Boots to the shell with `files` added to the root file system, then holds the conversation and powers off. */
  run(files: readonly CpioEntry[], ...turns: [expect: string, send?: string][]): Promise<Finished>;
}

/** What the shell shows when it waits for a command. */
export const prompt = "trapframe> ";

/** Every program in /bin. */
async function programFiles(): Promise<CpioEntry[]> {
  const programs = await buildPrograms();
  return programs.map(({ name, path }) => ({
    type: "file",
    path: `bin/${name}`,
    data: stripProgram(readFileSync(path)),
  }));
}

/** Boots `initrd`, with what else `trapframe run` is told, holds the conversation and powers off. */
async function converse(
  initrd: Uint8Array,
  options: readonly string[],
  turns: readonly [expect: string, send?: string][],
): Promise<Finished> {
  const folder = mkdtempSync(join(tmpdir(), "trapframe-programs-"));
  try {
    const path = join(folder, "initrd.cpio");
    writeFileSync(path, initrd);
    return await trapframeRun(
      ...options,
      `--initrd=${path}`,
      `--bios=${await buildFirmware()}`,
      ...conversation(...turns, [prompt, "poweroff\\n"]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const trapframe: System = {
  name: "our own system",
  async run(files, ...turns) {
    return converse(await initrdWith(files), [await buildKernel()], turns);
  },
};

function linux(kernel: string): System {
  return {
    name: "Debian's Linux",
    async run(files, ...turns) {
      const system: CpioEntry[] = [
        { type: "symlink", path: "init", target: "bin/init" },
        // The kernel opens it for /init before anything can be mounted.
        { type: "character-device", path: "dev/console", major: 5, minor: 1 },
      ];
      const initrd = writeCpio([...system, ...(await programFiles()), ...files]);
      return converse(initrd, [kernel, "--append=console=ttyS0 quiet"], turns);
    },
  };
}

/** The systems that are there; says which are not. */
export function systems(): System[] {
  const debian = requireDebian();
  return debian === undefined ? [trapframe] : [trapframe, linux(debian.kernel)];
}
