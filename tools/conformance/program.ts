/** Programs that are tests: which convention they follow, and what they need of a machine. */
import { parseCpu } from "../../emulator/board/cpu.ts";
import type { ElfProgram } from "../../emulator/board/elf.ts";
import { ramBase } from "../../emulator/board/memory-map.ts";
import { defaultOptions } from "../../emulator/board/options.ts";
import { architectureOf, switchableExtensions } from "./attributes.ts";

/**
 * What programs run on: the profile alone, where A and D bits fault as the suites expect, with its optional wider
 * translation modes, which no attribute of a program would name.
 */
const base = "rva22s64,sv57";

/** RAM that a program may use beyond its end, for its stack for instance; also what RAM grows by. */
const spareRam = 16 * 1024 * 1024;
const mostRam = 3 * 1024 ** 3;

/**
 * The processor for a program, as `--cpu` takes it: the profile and the extensions that the program was built for.
 * Programs seldom name Svnapot and Svpbmt, and the suites disagree on who does not: riscv-tests try them, architecture
 * tests expect their bits of page table entries to be reserved.
 */
export function cpuFor(program: ElfProgram): string {
  const section = program.section(".riscv.attributes");
  const architecture = section && architectureOf(section);
  const required = isArchitectural(program) ? `${base},no-svnapot,no-svpbmt` : base;
  const { extensions } = parseCpu(required);
  const further = switchableExtensions(architecture ?? "").filter((name) => !extensions.has(name));
  return [required, ...further].join(",");
}

/** RAM for a program, in bytes: as much as a machine usually has, more for one that reaches further. */
export function memoryFor({ segments }: ElfProgram): number {
  const ends = segments.map(({ physical, memoryBytes }) => Number(physical + memoryBytes));
  const needed = Math.ceil((Math.max(...ends) - ramBase + spareRam) / spareRam) * spareRam;
  const usual = defaultOptions.memory;
  // What no machine can hold is refused where it is loaded, with the reason.
  return needed > usual && needed <= mostRam ? needed : usual;
}

/** How a program reports, as its symbols say. */
export interface Convention {
  /** It leaves a signature, to be compared with a reference. */
  readonly signature: boolean;
  /** Its exit code alone says whether it passed. */
  readonly checksItself: boolean;
}

/** Labels of the macros and environments of riscv-tests. */
const selfCheckingLabels = ["pass", "fail", "test_2", "trap_vector", "reset_vector", "handle_trap"];
/** Where architecture tests end that have the reference signature linked in and compare with it themselves. */
const selfCheckingEnds = ["rvmodel_halt_pass", "rvmodel_halt_fail"];

/**
 * The environments of both public suites define `tohost`, `begin_signature` and `end_signature`, whether they use them or
 * not. What tells the suites apart are the labels of their macros.
 */
export function conventionOf(program: ElfProgram): Convention {
  const has = (name: string) => program.symbols.named(name) !== undefined;
  const signature = has("begin_signature") && has("end_signature");
  const checks = isArchitectural(program)
    ? !signature || selfCheckingEnds.every(has)
    : !signature || selfCheckingLabels.some(has);
  return { signature, checksItself: has("tohost") && checks };
}

/** Whether a program has the labels of architecture tests. */
function isArchitectural({ symbols }: ElfProgram): boolean {
  return (
    symbols.named("begin_regstate") !== undefined ||
    symbols.all.some(({ name }) => name.startsWith("rvtest_"))
  );
}
