/** The benchmark of the kernel alone: userland/bench/kernel takes the supervisor's place. */

import { readFileSync } from "node:fs";
import { Machine } from "../../../emulator/index.ts";
import { type BuildProgress, buildProgram } from "../../guest/build.ts";
import { type CpioEntry, writeCpio } from "../../guest/cpio.ts";
import { buildFirmware, buildKernel } from "../../guest/images.ts";
import { stripProgram } from "../../guest/strip.ts";
import { type Measurements, parseMeasurements } from "./measurement.ts";
import { sourcesIn } from "./sources.ts";

/** Far more than the benchmark takes: it hangs then. */
const MOST_SLOTS = 1e9;
const SLICE = 1e7;

/** What a machine needs to run it. */
export interface NativeBenchmark {
  readonly firmware: Uint8Array;
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array;
}

async function program(folder: string, path: string, onProgress?: BuildProgress): Promise<CpioEntry> {
  const elf = await buildProgram(
    {
      name: folder,
      sources: [...sourcesIn(folder), ...sourcesIn("userland/lib")],
      flags: ["-O2", "-Iuserland", "-Ikernel/abi"],
    },
    onProgress,
  );
  return { type: "file", path, data: stripProgram(readFileSync(elf)) };
}

/** Builds what is out of date of it. Throws `GuestBuildError` when something does not build. */
export async function buildNativeBenchmark(onProgress?: BuildProgress): Promise<NativeBenchmark> {
  const [firmware, kernel, ...entries] = await Promise.all([
    buildFirmware(onProgress),
    buildKernel(onProgress),
    program("userland/bench/kernel", "supervisor", onProgress),
    program("userland/bench/empty", "empty", onProgress),
  ]);
  return { firmware: readFileSync(firmware), kernel: readFileSync(kernel), initrd: writeCpio(entries) };
}

/** Runs it on a machine with so many harts. Throws when it does not come to its end. */
export async function runNativeBenchmark(benchmark: NativeBenchmark, harts: number): Promise<Measurements> {
  let said = "";
  const machine = await Machine.create({
    ...benchmark,
    harts,
    onConsole: (bytes) => {
      said += Buffer.from(bytes).toString("latin1");
    },
  });
  for (let left = MOST_SLOTS; left > 0; left -= SLICE) {
    const stop = machine.run(SLICE);
    if (stop.reason === "power-off" && stop.status === 0) return parseMeasurements(said);
    if (stop.reason !== "limit") break;
  }
  throw new Error(`the kernel's benchmark does not end on ${harts} harts:\n${said}`);
}
