/** The workloads: what each is made of, how long it runs, and how it is built. */
import { buildGuest } from "../guest/build.ts";

export type SuiteName = "integer" | "float" | "system";

export interface Workload {
  readonly name: string;
  readonly suite: SuiteName;
  /** Beside start.S and runtime.c, in tools/bench/workload/. */
  readonly sources: readonly string[];
  readonly harts: number;
  /** How often its `run` is called: enough for half a second to two on QEMU. */
  readonly iterations: number;
}

const folder = "tools/bench/workload";
const supervisor = ["supervisor.c", "supervisor.S"];

export const workloads: readonly Workload[] = [
  { name: "mix", suite: "integer", sources: ["mix.c"], harts: 1, iterations: 500 },
  { name: "quicksort", suite: "integer", sources: ["quicksort.c"], harts: 1, iterations: 120 },
  { name: "sieve", suite: "integer", sources: ["sieve.c"], harts: 1, iterations: 40 },
  { name: "bytecode", suite: "integer", sources: ["bytecode.c"], harts: 1, iterations: 12 },
  { name: "strings", suite: "integer", sources: ["strings.c"], harts: 1, iterations: 400 },
  { name: "sha256", suite: "integer", sources: ["sha256.c"], harts: 1, iterations: 700 },
  { name: "copy", suite: "integer", sources: ["copy.c"], harts: 1, iterations: 1500 },
  { name: "fib", suite: "integer", sources: ["fib.c"], harts: 1, iterations: 24 },
  { name: "nbody", suite: "float", sources: ["nbody.c"], harts: 1, iterations: 240 },
  {
    name: "ecall",
    suite: "system",
    sources: ["ecall.c", "ecall.S", ...supervisor],
    harts: 1,
    iterations: 360,
  },
  {
    name: "pagefault",
    suite: "system",
    sources: ["pagefault.c", "pagefault.S", ...supervisor],
    harts: 1,
    iterations: 120,
  },
  {
    name: "address-space",
    suite: "system",
    sources: ["address_space.c", "address_space.S", ...supervisor],
    harts: 1,
    iterations: 32,
  },
  { name: "timer", suite: "system", sources: ["timer.c", "timer.S"], harts: 1, iterations: 1600 },
  { name: "fence-i", suite: "system", sources: ["fence_i.c"], harts: 1, iterations: 1000 },
  { name: "atomics", suite: "system", sources: ["atomics.c"], harts: 4, iterations: 100 },
];

/** Does nothing: measures how long a machine takes to start and to stop. */
export const emptyWorkload: Workload = {
  name: "empty",
  suite: "system",
  sources: ["empty.c"],
  harts: 1,
  iterations: 1,
};

/** Builds the workload where it is out of date; the path of its ELF file. Throws `GuestBuildError`. */
export function buildWorkload(
  { name, sources, iterations }: Workload,
  onProgress?: (message: string) => void,
): Promise<string> {
  return buildGuest(
    {
      name: `bench/${name}-${iterations}`,
      sources: ["start.S", "runtime.c", ...sources].map((source) => `${folder}/${source}`),
      linkerScript: `${folder}/link.ld`,
      // Nothing here reads errno, and with it a square root would be a call into a library there is not.
      flags: ["-fno-math-errno"],
      linkFlags: [`--defsym=ITERATIONS=${iterations}`],
    },
    onProgress,
  );
}
