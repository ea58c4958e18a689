/** The workloads: what each is made of, how long it runs, and how it is built. */
import { buildGuest } from "../guest/build.ts";

export type SuiteName = "cpu" | "system";

export interface Workload {
  readonly name: string;
  readonly suite: SuiteName;
  /** Beside what every workload is linked with, in tools/bench/workload/. */
  readonly sources: readonly string[];
  /** Added to the compiler's flags. */
  readonly flags?: readonly string[];
  readonly harts: number;
  /**
   * How often its `run` is called: enough for two to four seconds on QEMU, of which warming up is then a small part. What
   * takes us a tenth of that runs longer.
   */
  readonly iterations: number;
}

/** Where their sources are, from the top of the repository. */
export const workloadFolder = "tools/bench/workload";

/** Nothing here reads errno, and with it a square root would be a call into a library there is not. */
export const compilerFlags = ["-fno-math-errno"];

function cpu(name: string, iterations: number): Workload {
  return { name, suite: "cpu", sources: [`${name}.c`], harts: 1, iterations };
}

function chase(name: string, iterations: number, kibibytes: number): Workload {
  const flags = [`-DNAME="${name}"`, `-DCHASE_KIB=${kibibytes}`];
  return { name, suite: "cpu", sources: ["chase.c"], flags, harts: 1, iterations };
}

/** Runs in supervisor and user mode. */
function supervised(name: string, iterations: number, source = name): Workload {
  const sources = [`${source}.c`, `${source}.S`, "supervisor.c", "supervisor.S"];
  return { name, suite: "system", sources, harts: 1, iterations };
}

/** Runs in machine mode. */
function machine(name: string, iterations: number, source = `${name}.c`, harts = 1): Workload {
  return { name, suite: "system", sources: [source], harts, iterations };
}

export const workloads: readonly Workload[] = [
  cpu("mix", 3600),
  cpu("records", 2400),
  cpu("quicksort", 1040),
  chase("chase-256k", 60000, 256),
  chase("chase-32m", 24, 32 * 1024),
  cpu("bytecode", 56),
  cpu("strings", 3200),
  cpu("sha256", 5600),
  cpu("copy", 12000),
  cpu("fib", 35),
  cpu("nbody", 2400),
  cpu("mandelbrot", 160),
  cpu("matrix", 72),
  supervised("ecall", 300),
  supervised("syscall", 120),
  supervised("pagefault", 180),
  supervised("address-space", 30, "address_space"),
  machine("timer", 1440),
  machine("atomics", 800, "atomics.c", 4),
  machine("self-modifying", 5400, "self_modifying.c"),
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
  { name, sources, flags = [], iterations }: Workload,
  onProgress?: (message: string) => void,
): Promise<string> {
  return buildGuest(
    {
      name: `bench/${name}-${iterations}`,
      sources: ["start.S", "machine.c", "memory.c", ...sources].map(
        (source) => `${workloadFolder}/${source}`,
      ),
      linkerScript: `${workloadFolder}/link.ld`,
      flags: [...compilerFlags, ...flags],
      linkFlags: [`--defsym=ITERATIONS=${iterations}`],
    },
    onProgress,
  );
}
