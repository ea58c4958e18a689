/** Programs that are tests: which convention they follow, and what they need of a machine. */
import { parseCpu } from "../../emulator/board/cpu.ts";
import type { ElfProgram } from "../../emulator/board/elf.ts";
import { architectureOf, switchableExtensions } from "./attributes.ts";

/**
 * What programs run on: the profile alone, where A and D bits fault as the suites expect, with its optional wider
 * translation modes, which no attribute of a program would name.
 */
const base = "rva22s64,sv57";

/** The processor for a program, as `--cpu` takes it: the profile and the extensions that the program was built for. */
export function cpuFor(program: ElfProgram): string {
  const section = program.section(".riscv.attributes");
  const architecture = section && architectureOf(section);
  const { extensions } = parseCpu(base);
  const further = switchableExtensions(architecture ?? "").filter((name) => !extensions.has(name));
  return [base, ...further].join(",");
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

/**
 * The environments of both public suites define `tohost`, `begin_signature` and `end_signature`, whether they use them or
 * not. What tells the suites apart are the labels of their macros.
 */
export function conventionOf({ symbols }: ElfProgram): Convention {
  const has = (name: string) => symbols.named(name) !== undefined;
  const signature = has("begin_signature") && has("end_signature");
  const architectural = has("begin_regstate") || symbols.all.some(({ name }) => name.startsWith("rvtest_"));
  const reports = has("tohost") && (!signature || selfCheckingLabels.some(has));
  return { signature, checksItself: reports && !(signature && architectural) };
}
