/** The benchmark of the whole system: userland/bench/posix, a program that the shell starts. */

import { readFileSync } from "node:fs";
import { Machine } from "../../../emulator/index.ts";
import { type BuildProgress, buildProgram } from "../../guest/build.ts";
import { initrdWith } from "../../guest/images.ts";
import { stripProgram } from "../../guest/strip.ts";
import { type Measurements, parseMeasurements } from "./measurement.ts";
import { sourcesIn } from "./sources.ts";

const PROGRAM = "userland/bench/posix";
const THREADS = ["userland/threads", "userland/threads/many-to-one", "userland/threads/user-level"];
const PROMPT = /trapframe> $/;
const END = "measuring is over";

/** Far more than the benchmark takes: it hangs then. */
const MOST_SLOTS = 4e9;
const SLICE = 1e6;

/** Builds the initrd with the system and the benchmark. Throws `GuestBuildError` when something does not build. */
export async function buildSystemBenchmark(onProgress?: BuildProgress): Promise<Uint8Array> {
  const program = {
    name: PROGRAM,
    sources: [PROGRAM, ...THREADS].flatMap(sourcesIn),
    flags: THREADS.map((folder) => `-I${folder}`),
  };
  const data = stripProgram(readFileSync(await buildProgram(program, onProgress)));
  return initrdWith([{ type: "file", path: "bin/benchmark", data }]);
}

/** Boots the system on so many harts and has its shell run the benchmark. Throws when it does not come to its end. */
export async function runSystemBenchmark(
  images: { readonly firmware: Uint8Array; readonly kernel: Uint8Array; readonly initrd: Uint8Array },
  harts: number,
): Promise<Measurements> {
  let said = "";
  const machine = await Machine.create({
    ...images,
    harts,
    onConsole: (bytes) => {
      said += Buffer.from(bytes).toString("latin1");
    },
  });
  let typed = false;
  for (let left = MOST_SLOTS; left > 0; left -= SLICE) {
    const stop = machine.run(SLICE);
    if (!typed && PROMPT.test(said)) {
      typed = true;
      machine.typeConsole(Buffer.from(`benchmark; echo measuring is 'over'\n`));
    }
    if (said.includes(END)) return parseMeasurements(said);
    if (stop.reason === "idle" && stop.ticks !== undefined) machine.advance(stop.ticks);
    else if (stop.reason !== "limit" && !typed) break;
  }
  throw new Error(`the system's benchmark does not end on ${harts} harts:\n${said}`);
}
