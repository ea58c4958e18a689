/** The suites' tasks, built and ready to be measured. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BuildProgress } from "../guest/build.ts";
import { buildImages } from "../guest/images.ts";
import { ROOT } from "../guest/root.ts";
import type { DebianLinux } from "../linux/debian.ts";
import { powerOffInit, readyMarker, writeInitramfs } from "../linux/initramfs.ts";
import { buildNative } from "./native.ts";
import { bootTask, powerCycleTask, type Task, workloadTask } from "./task.ts";
import { buildWorkload, emptyWorkload, workloads } from "./workloads.ts";

const linuxBoots = { shell: "linux-shell", off: "linux-off" } as const;
const ourBoot = "our-prompt";
/** What our own system's shell says when it waits. */
const prompt = "trapframe> ";

/** Every task as SUITE/NAME. */
export const taskNames: readonly string[] = [
  ...workloads.map(({ suite, name }) => `${suite}/${name}`),
  ...[...Object.values(linuxBoots), ourBoot].map((name) => `boot/${name}`),
];

/** Picks tasks by SUITE/NAME. */
export type Wanted = (taskName: string) => boolean;

/** Whether any of the tasks boots Linux. */
export function bootsLinux(wanted: Wanted): boolean {
  return Object.values(linuxBoots).some((name) => wanted(`boot/${name}`));
}

/** The task that does nothing. Throws `GuestBuildError`. */
export async function buildEmpty(onProgress: BuildProgress): Promise<Task> {
  return workloadTask(emptyWorkload, await buildWorkload(emptyWorkload, onProgress));
}

/** The wanted workloads; those of the CPU suite for the host, too, when `forHost`. Throws `GuestBuildError` and `Failure`. */
export async function buildWorkloads(
  wanted: Wanted,
  forHost: boolean,
  onProgress: BuildProgress,
): Promise<Task[]> {
  const tasks: Task[] = [];
  for (const workload of workloads.filter(({ suite, name }) => wanted(`${suite}/${name}`))) {
    const elf = await buildWorkload(workload, onProgress);
    const native = forHost && workload.suite === "cpu" ? await buildNative(workload) : undefined;
    tasks.push(workloadTask(workload, elf, native));
  }
  return tasks;
}

/** The wanted boots; Linux's only where there is a `debian`. Throws `GuestBuildError`. */
export async function buildBoots(
  wanted: Wanted,
  debian: DebianLinux | undefined,
  onProgress: BuildProgress,
): Promise<Task[]> {
  const tasks: Task[] = [];
  if (debian !== undefined && bootsLinux(wanted)) {
    const linux = { kernel: debian.kernel, initrd: packInitramfs(debian), append: "console=ttyS0" };
    tasks.push(bootTask(linuxBoots.shell, linux, readyMarker));
    tasks.push(powerCycleTask(linuxBoots.off, linux, readyMarker));
  }
  if (wanted(`boot/${ourBoot}`)) tasks.push(bootTask(ourBoot, await buildImages(onProgress), prompt));
  return tasks.filter(({ name }) => wanted(`boot/${name}`));
}

function packInitramfs({ busybox }: DebianLinux): string {
  const path = join(ROOT, ".build/guest/bench/linux.cpio");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, writeInitramfs(readFileSync(busybox), powerOffInit));
  return path;
}
