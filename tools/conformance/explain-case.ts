/** Says why a case failed: runs it again and looks at every instruction. */
import type { Bench } from "../../emulator/board/bench.ts";
import type { EngineName } from "../../emulator/board/options.ts";
import { floatRegisterNames, integerRegisterNames } from "../../emulator/isa/disassemble.ts";
import type { Case, Piece } from "./case.ts";
import { CodeMap } from "./code-map.ts";
import { mismatchText } from "./mismatch.ts";
import { operandsText } from "./provenance.ts";
import { rerunCase } from "./rerun.ts";
import type { Failure } from "./result.ts";
import { type CaseFailure, comparePiece, prepareCase, prepareStep } from "./run-case.ts";
import type { CaseEntry } from "./run-cases.ts";
import { type Slot, shownSlots, Trace } from "./trace.ts";

const shownMismatches = 3;

export interface FailedCase {
  readonly entry: CaseEntry;
  readonly tried: Case;
  readonly failure: CaseFailure;
  /** As the failure left it. */
  readonly bench: Bench;
  readonly engine: EngineName;
  /** As `--cpu` was given. */
  readonly cpu: string | undefined;
}

export function explainCase({ entry, tried, failure, bench, engine, cpu }: FailedCase): Failure {
  const map = new CodeMap();
  const { mismatches, step } = failure;
  const wrongPieces = (tried.steps[step]?.after.memory ?? []).filter(
    (piece) => comparePiece(bench, piece).length > 0,
  );
  const { slots, changer } = traceCase(bench, tried, step, wrongPieces);
  const named = mismatches.map(({ what }) => what.split(".")[0]);
  const wrong = slots.findLast(({ written, csr }) => {
    const names = written?.register.file === "f" ? floatRegisterNames : integerRegisterNames;
    return [written && names[written.register.number], csr?.name].some(
      (name) => name !== undefined && named.includes(name),
    );
  });
  // Where more than memory is wrong, that it was not written as it must be has a cause of its own.
  const storing =
    wrongPieces.length === mismatches.length
      ? (changer ?? slots.findLast(({ access }) => access?.stores))
      : undefined;
  const instruction = wrong ?? storing ?? slots.at(-1);
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

/** Runs a case slot by slot, up to and with a step; `changer` is the last slot that changed a watched piece of memory. */
function traceCase(
  bench: Bench,
  tried: Case,
  until: number,
  watched: readonly Piece[],
): { slots: readonly Slot[]; changer: Slot | undefined } {
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
  const look = () => watched.flatMap(({ at, bytes }) => [...bench.read(at, bytes.length)]).join();
  let changer: Slot | undefined;
  prepareCase(bench, tried);
  for (const step of tried.steps.slice(0, until + 1)) {
    prepareStep(bench, step);
    hart = step.hart ?? 0;
    for (let slot = 0; slot < step.slots; slot++) {
      const before = look();
      trace.step();
      if (look() !== before) changer = trace.slots.at(-1);
    }
  }
  return { slots: trace.slots, changer };
}

function readRam(bench: Bench, address: bigint, length: number): Uint8Array | undefined {
  try {
    return bench.read(address, length);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
