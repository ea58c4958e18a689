/** Measures what an operation is, by comparing its executions in many states of the machine. */
import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { InstructionClass } from "../../emulator/isa/class.ts";
import { Cause } from "../../emulator/trap/cause.ts";
import type { Context } from "./contexts.ts";
import type { Operation } from "./operations.ts";
import type { Outcome } from "./outcome.ts";
import type { Prober } from "./prober.ts";
import type { Resources } from "./resources.ts";
import type { State } from "./state.ts";

export const MODES = ["U", "S", "M"] as const satisfies readonly PrivilegeMode[];

/** How often an operation retired in a mode, how often and why it trapped; and the same where U-mode is held. */
export interface Tally {
  retired: number;
  trapped: number;
  heldRetired: number;
  heldTrapped: number;
  readonly causes: Set<number>;
}

/** Two executions that differ though their contexts do not. */
export interface BehaviourWitness {
  readonly word: number;
  readonly outcomes: readonly [Outcome, Outcome];
}

/** An execution that changed resources without a trap. */
export interface ControlWitness {
  readonly word: number;
  readonly state: State;
  readonly changes: readonly string[];
}

export interface Measurement {
  readonly operation: Operation;
  readonly measured: InstructionClass;
  readonly tallies: Readonly<Record<PrivilegeMode, Tally>>;
  readonly behaviour: BehaviourWitness | undefined;
  readonly control: ControlWitness | undefined;
}

/** A memory trap, as which Popek and Goldberg leave an execution out of account. */
const MEMORY_TRAPS: ReadonlySet<number> = new Set([
  Cause.instructionMisaligned,
  Cause.instructionAccess,
  Cause.loadMisaligned,
  Cause.loadAccess,
  Cause.storeMisaligned,
  Cause.storeAccess,
  Cause.instructionPage,
  Cause.loadPage,
  Cause.storePage,
]);

/** Prepares states once for all the operations that are probed in them. */
export class Measuring {
  readonly #prober: Prober;
  readonly #states = new Map<Context, Map<Resources, readonly State[]>>();

  constructor(prober: Prober) {
    this.#prober = prober;
  }

  /** Executes an operation in every state, and compares. */
  measure(operation: Operation): Measurement {
    const tallies: Record<PrivilegeMode, Tally> = { U: newTally(), S: newTally(), M: newTally() };
    let behaviour: BehaviourWitness | undefined;
    let control: ControlWitness | undefined;
    for (const context of operation.contexts) {
      const states = operation.resources.flatMap((resources) => this.#statesOf(context, resources));
      const probes = operation.words.map((word) => ({ word, first: new Map<PrivilegeMode, Outcome>() }));
      for (const state of states) {
        for (const { word, first } of probes) {
          if (!this.#execute(word, state, tallies[state.mode])) continue;
          control ??= this.#controlWitness(word, state);
          const found = this.#behaviourWitness(word, state.mode, first);
          if (found !== undefined && (behaviour === undefined || rank(found) < rank(behaviour)))
            behaviour = found;
        }
      }
    }
    for (const mode of MODES) {
      const { retired, trapped } = tallies[mode];
      if (retired + trapped === 0)
        throw new Error(`"${operation.name}" met with nothing but memory traps in ${mode}`);
    }
    const measured = {
      privilege: privilegeOf(tallies),
      control: control !== undefined,
      behaviour: behaviour !== undefined,
    };
    return { operation, measured, tallies, behaviour, control };
  }

  /** The states with these resources, one in each mode where there can be one. */
  #statesOf(context: Context, resources: Resources): readonly State[] {
    const known = this.#states.get(context) ?? new Map<Resources, readonly State[]>();
    this.#states.set(context, known);
    const states =
      known.get(resources) ?? MODES.flatMap((mode) => this.#prober.prepare(context, mode, resources) ?? []);
    known.set(resources, states);
    return states;
  }

  /** True when the word retired; a memory trap counts as nothing. */
  #execute(word: number, state: State, tally: Tally): boolean {
    const end = this.#prober.execute(word, state);
    const { held } = state.resources;
    if (end === "retired") {
      tally.retired++;
      if (held) tally.heldRetired++;
      return true;
    }
    if (MEMORY_TRAPS.has(end)) return false;
    tally.trapped++;
    if (held) tally.heldTrapped++;
    tally.causes.add(end);
    return false;
  }

  #controlWitness(word: number, state: State): ControlWitness | undefined {
    const changes = this.#prober.changes();
    return changes.length === 0 ? undefined : { word, state, changes };
  }

  /** Compares with the first outcome of the same mode, or a mode's first with those of the other modes. */
  #behaviourWitness(
    word: number,
    mode: PrivilegeMode,
    first: Map<PrivilegeMode, Outcome>,
  ): BehaviourWitness | undefined {
    const own = first.get(mode);
    const others = own === undefined ? [...first.values()] : [own];
    if (own === undefined) first.set(mode, this.#prober.outcome());
    const other = others.find((candidate) => !this.#prober.matches(candidate));
    return other === undefined ? undefined : { word, outcomes: [other, this.#prober.outcome()] };
  }
}

const newTally = (): Tally => ({
  retired: 0,
  trapped: 0,
  heldRetired: 0,
  heldTrapped: 0,
  causes: new Set(),
});

/** The lower, the more it tells a monitor: a difference within U-mode, then one between modes. */
function rank({ outcomes: [a, b] }: BehaviourWitness): number {
  const inUser = [a, b].filter(({ state }) => state.mode === "U").length;
  if (a.state.mode !== b.state.mode) return 3 - inUser;
  return inUser === 2 ? 0 : a.state.mode === "S" ? 4 : 5;
}

/** The mode from which on an operation does not always trap. */
function privilegeOf({ U, S, M }: Readonly<Record<PrivilegeMode, Tally>>): InstructionClass["privilege"] {
  if (U.retired > 0) return U.heldRetired === 0 && U.heldTrapped > 0 ? "held" : "none";
  if (S.retired > 0) return "supervisor";
  // What traps in every mode is not privileged: ecall, a write to a read-only CSR.
  return M.retired > 0 ? "machine" : "none";
}
