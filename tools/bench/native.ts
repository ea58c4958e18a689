/** The CPU suite as programs of the host: the limit that no emulator passes. */
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../guest/root.ts";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import { compilerFlags, type Workload, workloadFolder } from "./workloads.ts";

// Not CC: that may name a compiler for riscv64.
const compiler = "cc";
const flags = [
  "-std=c11",
  "-O2",
  // Guests bring their own memcpy and memset; neither they nor their callers may be turned into the host's.
  "-ffreestanding",
  "-fno-tree-loop-distribute-patterns",
  ...compilerFlags,
];

/** A workload as a program of the host. */
export interface NativeProgram {
  readonly command: readonly string[];
  /** How many times as often as on a machine it does its work: otherwise it would be over before it could be measured. */
  readonly repeats: number;
}

const repeats = 4;

/** The first line of what the host's C compiler says about itself; undefined where there is none. */
export function describeHostCompiler(): string | undefined {
  const { stdout, status } = spawnSync(compiler, ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.split("\n")[0] : undefined;
}

/** Builds the workload for the host, in a `folder` of .build/host. Throws `Failure` when it does not build. */
export async function buildNative(
  { name, sources, flags: own = [], iterations }: Workload,
  folder = "bench",
): Promise<NativeProgram> {
  const output = join(ROOT, ".build/host", folder);
  mkdirSync(output, { recursive: true });
  const program = join(output, name);
  const paths = ["hosted.c", "memory.c", ...sources].map((source) => join(ROOT, workloadFolder, source));
  try {
    await promisify(execFile)(compiler, [...flags, ...own, ...paths, "-o", program]);
  } catch (error) {
    throw new Failure(
      `${name} does not build for the host: ${error instanceof Error ? error.message : error}`,
      exitStatus.badInput,
    );
  }
  return { command: [program, String(iterations * repeats)], repeats };
}
