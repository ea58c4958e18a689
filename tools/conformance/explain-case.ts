/** Says why a case failed: runs it again and looks at every instruction. */
import type { Bench } from "../../emulator/board/bench.ts";
import type { EngineName } from "../../emulator/board/options.ts";
import { floatRegisterNames, integerRegisterNames } from "../../emulator/isa/disassemble.ts";
import type { Case } from "./case.ts";
import { CodeMap } from "./code-map.ts";
import { mismatchText } from "./mismatch.ts";
import { operandsText } from "./provenance.ts";
import { rerunCase } from "./rerun.ts";
import type { Failure } from "./result.ts";
import { type CaseFailure, prepareCase, prepareStep } from "./run-case.ts";
import type { CaseEntry } from "./run-cases.ts";
import { Trace } from "./trace.ts";

const shownSlots = 32;
const shownMismatches = 3;

export interface FailedCase {
  readonly entry: CaseEntry;
  readonly tried: Case;
  readonly failure: CaseFailure;
  readonly bench: Bench;
  readonly engine: EngineName;
  /** As `--cpu` was given. */
  readonly cpu: string | undefined;
}

export function explainCase({ entry, tried, failure, bench, engine, cpu }: FailedCase): Failure {
  const map = new CodeMap();
  const { slots } = traceCase(bench, tried, failure.step);
  const { mismatches, step } = failure;
  const last = slots.at(-1);
  const wrong = slots.findLast(({ written }) => {
    const names = written?.register.file === "f" ? floatRegisterNames : integerRegisterNames;
    return written !== undefined && mismatches.some(({ what }) => what === names[written.register.number]);
  });
  const instruction = wrong ?? last;
  const words = mismatches.slice(0, shownMismatches).map(mismatchText);
  const further = mismatches.length - words.length;
  const steps = tried.steps.length;
  const notes = [
    instruction && operandsText(instruction),
    steps > 1 ? `after step ${step + 1} of ${steps}` : undefined,
  ];
  return {
    engines: [engine],
    summary: `${words.join("; ")}${further > 0 ? `; and ${further} more` : ""}`,
    case: tried.name,
    because: tried.because,
    ...(instruction !== undefined && { instruction: map.place(instruction) }),
    mismatches,
    notes: notes.filter((note) => note !== undefined),
    history: slots.slice(-shownSlots).map((slot) => map.line(slot)),
    rerun: rerunCase(
      entry.path,
      entry.kind === "suite" ? `${entry.test}/${tried.name}` : tried.name,
      engine,
      cpu,
    ),
  };
}

/** Runs a case slot by slot, up to and with a step. */
function traceCase(bench: Bench, tried: Case, until: number): Trace {
  let hart = 0;
  const trace = new Trace(
    {
      harts: bench.harts,
      get trapCount() {
        return bench.trapCount;
      },
      traps: () => bench.traps(),
      readPhysical: (address, length) => readRam(bench, address, length),
      advance: () => {
        bench.run(1, hart);
        return true;
      },
    },
    shownSlots,
  );
  prepareCase(bench, tried);
  for (const step of tried.steps.slice(0, until + 1)) {
    prepareStep(bench, step);
    hart = step.hart ?? 0;
    for (let slot = 0; slot < step.slots; slot++) trace.step();
  }
  return trace;
}

function readRam(bench: Bench, address: bigint, length: number): Uint8Array | undefined {
  try {
    return bench.read(address, length);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
