/** The systems that the programs of userland/programs are tried on. They are Linux programs, so there can be several. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeCpio } from "../../tools/guest/cpio.ts";
import { buildImages } from "../../tools/guest/images.ts";
import { buildPrograms } from "../../tools/guest/program.ts";
import { stripProgram } from "../../tools/guest/strip.ts";
import type { DebianLinux } from "../../tools/linux/debian.ts";
import { readyMarker, shellInit, systemFiles } from "../../tools/linux/initramfs.ts";
import { conversation, trapframeRun } from "../linux/linux-guest.ts";

/** A system with our programs, a shell, and a user at its console. */
export interface System {
  /** What `trapframe run` needs to boot it; its files may be put into `folder`. */
  options(folder: string): Promise<string[]>;
  /** What it says once it is up, as a regular expression. */
  readonly ready: string;
  /** The shell's prompt, as a regular expression. */
  readonly prompt: string;
  /** What switches it off. */
  readonly powerOff: string;
}

/** Our own kernel and servers. */
export const trapframeSystem: System = {
  ready: "Trapframe kernel",
  prompt: "trapframe> ",
  powerOff: "poweroff",
  async options() {
    const { firmware, kernel, initrd } = await buildImages();
    return [kernel, `--bios=${firmware}`, `--initrd=${initrd}`];
  },
};

/** How a program ended, and what it said before. */
export interface Ended {
  readonly status: number;
  readonly said: string;
}

/** Debian's kernel with our programs in /bin. */
export function linuxSystem({ kernel, busybox }: DebianLinux): System {
  return {
    ready: readyMarker,
    prompt: "# ",
    powerOff: "exit",
    async options(folder) {
      // Linux lets programs read instret only where its administrator says so.
      const init = shellInit.replace("setsid", "echo 2 > /proc/sys/kernel/perf_user_access\nsetsid");
      const initrd = join(folder, "programs.cpio");
      const system = systemFiles(readFileSync(busybox), "init", init);
      // busybox's shell and its like are the ones that this init knows.
      const taken = new Set(system.map(({ path }) => path));
      const programs = (await buildPrograms())
        .map(({ name, path }) => ({ path: `bin/${name}`, data: stripProgram(readFileSync(path)) }))
        .filter(({ path }) => !taken.has(path))
        .map((file) => ({ type: "file", ...file }) as const);
      const console = { type: "character-device", path: "dev/console", major: 5, minor: 1 } as const;
      writeFileSync(initrd, writeCpio([...system, console, ...programs]));
      return [kernel, `--initrd=${initrd}`, "--append=console=ttyS0"];
    },
  };
}

/** Boots `system`, has its shell run `commands` one after another, and switches it off. Throws when one does not end. */
export async function runOn(
  system: System,
  folder: string,
  harts: number,
  commands: readonly string[],
): Promise<Ended[]> {
  const turns = commands.flatMap<[string, string?]>((command, i) => [
    [system.prompt, `${command}; echo "ended ${i}:" $?\\n`],
    [`^ended ${i}: \\d+\\s`],
  ]);
  const options = [...(await system.options(folder)), `--harts=${harts}`];
  const { status, console, errors } = await trapframeRun(
    ...options,
    ...conversation([system.ready], ...turns, [system.prompt, `${system.powerOff}\\n`]),
  );
  if (status !== 0) throw new Error(`status ${status}: ${errors}\n${console}`);
  const pieces = console.split(/^ended \d+: (\d+)\n/m);
  return commands.map((_, i) => ({ status: Number(pieces[2 * i + 1]), said: pieces[2 * i] ?? "" }));
}
