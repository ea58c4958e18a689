/** A case as a machine that stands before its first instruction, to be looked at in the debugger. */
import { parseCpu } from "../../emulator/board/cpu.ts";
import type { CpuOptions, EngineName, InitialState, MachineOptions } from "../../emulator/board/options.ts";
import { SymbolTable } from "../../emulator/board/symbols.ts";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import type { Ingredients } from "../host/recipe.ts";
import type { Case, Test } from "./case.ts";
import { caseEnding, readTestFile } from "./case-source.ts";
import { loadSuite, suiteEnding } from "./suite.ts";

export interface CaseRequest {
  /** Of a `*.suite.ts` or a `*.case.json`. */
  readonly path: string;
  /** Its name; of a suite, the test's name and the case's: "clz/x11 from x22 = 0x1". Undefined where there is only one. */
  readonly name: string | undefined;
  /** Undefined leaves it to the test. */
  readonly cpu: CpuOptions | undefined;
  readonly engine: EngineName;
  readonly startTime: bigint;
}

/** True for files that hold cases. */
export const holdsCases = (path: string): boolean => path.endsWith(suiteEnding) || path.endsWith(caseEnding);

/** What to build the case's machine from. Throws `Failure` where there is no such case. */
export async function openCase(request: CaseRequest): Promise<Ingredients> {
  const { path, engine, startTime } = request;
  const { test, tried } = await findCase(request);
  const { harts = 1, ram = 0x10000 } = test;
  const options: MachineOptions = {
    memory: ram,
    harts,
    cpu: request.cpu ?? parseCpu(test.cpu ?? ""),
    engine,
    entropySeed: 1n,
    startTime,
    initial: initialState(tried),
  };
  return { options, symbols: new SymbolTable([]), title: `${path} ${tried.name}`, notices: [] };
}

/** What harts and RAM hold before the first slot: the beginning, and what the first step lets in. */
function initialState({ before, otherHarts = [], memory, steps }: Case): InitialState {
  const [first] = steps;
  const harts = [before, ...otherHarts].map((state, index) => {
    if (first === undefined || index !== (first.hart ?? 0)) return state;
    return { ...merge(state, first.set ?? {}), ...(first.lines !== undefined && { lines: first.lines }) };
  });
  return { harts, memory: [...memory, ...(first?.stores ?? [])] };
}

type State = Case["before"];

const merge = (state: State, set: State): State => ({
  ...state,
  ...set,
  x: { ...state.x, ...set.x },
  f: { ...state.f, ...set.f },
  csrs: { ...state.csrs, ...set.csrs },
});

async function findCase({ path, name }: CaseRequest): Promise<{ test: Test; tried: Case }> {
  const tests = path.endsWith(suiteEnding) ? (await loadSuite(path)).tests : [readTestFile(path)];
  const qualified = path.endsWith(suiteEnding);
  const candidates = tests.filter(
    (test) => !qualified || name === undefined || name.startsWith(`${test.name}/`),
  );
  const known: string[] = [];
  for (const test of candidates) {
    for (const tried of test.cases()) {
      const full = qualified ? `${test.name}/${tried.name}` : tried.name;
      if (full === name) return { test, tried };
      if (known.length <= mostNamed) known.push(full);
      if (name === undefined && isOnly(tests, test)) return { test, tried };
    }
  }
  const some = known.length > 0 ? known : tests.map((test) => `${test.name}/…`);
  const list = `${some.slice(0, mostNamed).join(", ")}${some.length > mostNamed ? ", …" : ""}`;
  const problem = name === undefined ? "say which case with --case" : `there is no case "${name}"`;
  throw new Failure(`"${path}": ${problem}; there are ${list}`, exitStatus.badUsage);
}

const mostNamed = 8;

/** True where a test is the only one and has one case. */
function isOnly(tests: readonly Test[], test: Test): boolean {
  const [, second] = test.cases();
  return tests.length === 1 && second === undefined;
}
