/** The oracle: QEMU, whose RAM is a file that both sides can read. */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { extensions } from "../../emulator/board/cpu.ts";
import type { CpuOptions } from "../../emulator/board/options.ts";
import { LOG, Memory, RAM, RAM_BYTES } from "./world.ts";

const PROGRAM = "qemu-system-riscv64";
/** A file system in memory where there is one. */
const FOLDER = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** Our names of extensions that QEMU has switches for, and QEMU's names. */
const switches: ReadonlyMap<string, string> = new Map([
  ["zicsr", "Zicsr"],
  ["zifencei", "Zifencei"],
  ["zihintpause", "Zihintpause"],
  ["zfh", "Zfh"],
  ["zfhmin", "Zfhmin"],
  ...["zba", "zbb", "zbc", "zbs", "zbkb", "zbkc", "zbkx", "sstc", "svinval", "svnapot", "svpbmt"].map(
    (name) => [name, name] as const,
  ),
  ...["zicond", "zcb", "zicbom", "zicboz"].map((name) => [name, name] as const),
]);
/** Always there, as far as we use them. */
const builtIn: ReadonlySet<string> = new Set(["zicntr", "sv39", "sv48", "sv57"]);

export interface Qemu {
  /** For example "QEMU emulator version 7.2.22". */
  readonly version: string;
  /** Our processor as far as QEMU has it, and what had to be left out of it. */
  readonly cpu: CpuOptions;
  readonly lacks: readonly string[];
  readonly flags: string;
}

/** QEMU made as like `cpu` as it can be; undefined where it is not installed. */
export function findQemu(cpu: CpuOptions): Qemu | undefined {
  const { stdout, error } = spawnSync(PROGRAM, ["--version"], { encoding: "utf8" });
  if (error !== undefined) return undefined;
  const known = knownProperties();
  const has = (name: string) => builtIn.has(name) || known.has(switches.get(name) ?? "");
  const wanted = [...cpu.extensions];
  const lacks = wanted.filter((name) => !has(name));
  const flags = [...extensions.keys()].flatMap((name) => {
    const property = switches.get(name);
    return property === undefined || !known.has(property) ? [] : [`${property}=${cpu.extensions.has(name)}`];
  });
  return {
    version: stdout.split("\n")[0]?.replace(/ \(.*/, "") ?? PROGRAM,
    cpu: { ...cpu, svadu: true, extensions: new Set(wanted.filter(has)) },
    lacks,
    flags: ["rv64", "h=false", "marchid=0", "mimpid=0", ...flags].join(),
  };
}

function knownProperties(): Set<string> {
  const { stdout } = spawnSync(PROGRAM, ["-device", "rv64-riscv-cpu,help"], { encoding: "utf8" });
  return new Set([...stdout.matchAll(/^\s+(\w+)=<bool>/gm)].map((match) => match[1] ?? ""));
}

/** Runs a program and gives RAM as it is at the end, or as it is where QEMU does not end. Throws where QEMU fails. */
export async function runQemu(qemu: Qemu, image: Memory): Promise<Memory> {
  const path = join(FOLDER, `trapframe-fuzz-${process.pid}-${Math.trunc(performance.now() * 1000)}.ram`);
  const file = openSync(path, "wx+", 0o600);
  try {
    ftruncateSync(file, RAM_BYTES);
    writeSync(file, image.bytes, 0, LOG - RAM, 0);
    await run([
      ...["-M", "virt,memory-backend=ram", "-cpu", qemu.flags, "-bios", "none"],
      ...["-object", `memory-backend-file,id=ram,size=${RAM_BYTES},mem-path=${path},share=on`],
      ...["-m", `${RAM_BYTES / 2 ** 20}`, "-display", "none", "-serial", "none", "-monitor", "none"],
    ]);
    const bytes = new Uint8Array(RAM_BYTES);
    readSync(file, bytes, 0, RAM_BYTES, 0);
    return new Memory(bytes);
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
}

/** A program takes about a second. */
const patienceMilliseconds = 30_000;

function run(options: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, options, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    let endless = false;
    const timer = setTimeout(() => {
      endless = true;
      child.kill("SIGKILL");
    }, patienceMilliseconds);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0 || endless) resolve();
      else reject(new Error(`QEMU ended with ${signal ?? code}${said === "" ? "" : `: ${said.trim()}`}`));
    });
  });
}
