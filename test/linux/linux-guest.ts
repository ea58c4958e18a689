/** What the Linux tests start from: Debian's kernel, root file systems made on the spot, firmware of this system. */
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { CpioEntry } from "../../tools/guest/cpio.ts";
import { compiled, ROOT } from "../../tools/guest/root.ts";
import { type DebianLinux, debianFolder, findDebian } from "../../tools/linux/debian.ts";
import { diskRootInit, shellInit, systemFiles, writeInitramfs } from "../../tools/linux/initramfs.ts";
import { loadModules } from "../../tools/linux/modules.ts";

/** Debian's kernel and busybox; undefined, after saying so, when they are not on this machine. */
export function requireDebian(): DebianLinux | undefined {
  const debian = findDebian(ROOT);
  if (debian === undefined) {
    skip(`Debian's kernel is neither in $TRAPFRAME_LINUX nor in ${debianFolder}: no Linux is booted`);
  }
  return debian;
}

/** `path` if the file is there; undefined, after saying which package would bring it, when not. */
export function requireFile(path: string, debianPackage: string): string | undefined {
  if (existsSync(path)) return path;
  skip(`there is no ${path} (Debian's package ${debianPackage}): tests that need it do not run`);
  return undefined;
}

/** Whether `command` can be run; says so when not. */
export function requireCommand(command: string, debianPackage: string): boolean {
  const found = spawnSync(command, ["-V"]).error === undefined;
  if (!found)
    skip(`there is no ${command} (Debian's package ${debianPackage}): tests that need it do not run`);
  return found;
}

function skip(message: string): void {
  process.stderr.write(`SKIPPED: ${message}\n`);
}

/** A folder for one test file's images. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), "trapframe-linux-"));

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** An initramfs that ends in a shell; its path. */
  shellInitramfs({ busybox }: DebianLinux): string {
    return this.#write("shell.cpio", writeInitramfs(readFileSync(busybox), shellInit));
  }

  /** An initramfs that goes on to an ext4 file system on the first disk; its path. */
  diskInitramfs({ busybox, modules }: DebianLinux): string {
    const needed = loadModules(modules, ["virtio_mmio", "virtio_blk", "crc32c_generic", "ext4"]);
    return this.#write("disk.cpio", writeInitramfs(readFileSync(busybox), diskRootInit(needed), needed));
  }

  /** An ext4 image whose /sbin/init is a shell on the console; its path. */
  ext4Root({ busybox }: DebianLinux): string {
    const tree = join(this.folder, "root");
    for (const entry of systemFiles(readFileSync(busybox), "sbin/init", shellInit)) createFile(tree, entry);
    const image = join(this.folder, "root.ext4");
    const { status, stderr } = spawnSync("mkfs.ext4", ["-q", "-d", tree, image, "16M"], { encoding: "utf8" });
    if (status !== 0) throw new Error(`mkfs.ext4 failed: ${stderr}`);
    return image;
  }

  #write(name: string, bytes: Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, bytes);
    return path;
  }
}

function createFile(tree: string, entry: CpioEntry): void {
  const path = join(tree, entry.path);
  mkdirSync(dirname(path), { recursive: true });
  if (entry.type === "directory") mkdirSync(path, { recursive: true });
  else if (entry.type === "symlink") symlinkSync(entry.target, path);
  else if (entry.type === "file") writeFileSync(path, entry.data, { mode: 0o755 });
  else throw new Error(`${entry.path}: only root can make devices`);
}

/** What a file in an ext4 image holds. */
export function readFromExt4(image: string, path: string): string {
  return spawnSync("debugfs", ["-R", `cat ${path}`, image], { encoding: "utf8" }).stdout;
}

export interface Finished {
  readonly status: number | null;
  /** The guest's console, without carriage returns. */
  readonly console: string;
  readonly errors: string;
}

/** After this a run ends by itself, with status 124. */
export const limitSeconds = 280;

/** Runs `trapframe run` as a user would, with nothing on its stdin. */
export function trapframeRun(...args: string[]): Promise<Finished> {
  const cli = compiled("tools/cli.ts");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, "run", `--timeout=${limitSeconds}`, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.on("error", reject);
    child.on("close", (status) =>
      resolve({
        status,
        console: Buffer.concat(output).toString().replaceAll("\r", ""),
        errors: Buffer.concat(errors).toString(),
      }),
    );
  });
}

/** Options for a conversation: what to wait for, what to type then, and so on in turns. */
export function conversation(...turns: [expect: string, send?: string][]): string[] {
  return turns.flatMap(([expect, send]) => [
    `--expect=${expect}`,
    ...(send === undefined ? [] : [`--send=${send}`]),
  ]);
}
