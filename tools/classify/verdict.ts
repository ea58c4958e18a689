/** Whether a processor can be virtualized by trap and emulate, and if not, why: Popek and Goldberg's first theorem. */
import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import { classWhenLeaky, type InstructionClass } from "../../emulator/isa/class.ts";
import { explain } from "./explain.ts";
import type { Measurement, Tally } from "./measure.ts";
import { Measuring, MODES } from "./measure.ts";
import type { Operation } from "./operations.ts";
import { Prober, type Profile } from "./prober.ts";

/** What an operation does in a mode: retire, trap, or either; `held` when a supervisor register makes it trap. */
export type Behaviour = "runs" | "traps" | "held" | "some";

export interface Finding {
  readonly name: string;
  readonly measured: InstructionClass;
  /** As the tables of instructions and CSRs have it for this profile. */
  readonly stated: InstructionClass;
  readonly agrees: boolean;
  readonly modes: Readonly<Record<PrivilegeMode, Behaviour>>;
  /** Exception causes in U-mode. */
  readonly causes: readonly number[];
  readonly executions: number;
  /** The executions that show it to be sensitive, in words. */
  readonly why: readonly string[];
}

export interface Verdict {
  readonly profile: Profile;
  /** Every sensitive operation traps in U-mode, or can be held. */
  readonly virtualizable: boolean;
  /** Sensitive, but U-mode executes it. */
  readonly offenders: readonly Finding[];
  /** Sensitive, and traps in U-mode if a supervisor register says so: what a monitor must set up. */
  readonly conditions: readonly Finding[];
  readonly findings: readonly Finding[];
}

const isSensitive = ({ control, behaviour }: InstructionClass): boolean => control || behaviour;

/** Measures operations on a profile, and judges. `breathe` is awaited between operations, to let others work. */
export async function judge(
  profile: Profile,
  operations: readonly Operation[],
  breathe: () => Promise<void>,
): Promise<Verdict> {
  const measuring = new Measuring(await Prober.create(profile));
  const findings: Finding[] = [];
  for (const operation of operations) {
    await breathe();
    findings.push(findingOf(profile, measuring.measure(operation)));
  }
  const sensitive = findings.filter(({ measured }) => isSensitive(measured));
  const offenders = sensitive.filter(({ measured }) => measured.privilege === "none");
  const conditions = sensitive.filter(({ measured }) => measured.privilege === "held");
  return { profile, virtualizable: offenders.length === 0, offenders, conditions, findings };
}

/** What a measurement says, beside what is stated. */
export function findingOf(profile: Profile, measurement: Measurement): Finding {
  const { operation, measured, tallies } = measurement;
  const stated = profile === "leaky" ? classWhenLeaky(operation.stated) : operation.stated;
  return {
    name: operation.name,
    measured,
    stated,
    agrees:
      measured.privilege === stated.privilege &&
      measured.control === stated.control &&
      measured.behaviour === stated.behaviour,
    modes: {
      U: measured.privilege === "held" ? "held" : behaviourOf(tallies.U),
      S: behaviourOf(tallies.S),
      M: behaviourOf(tallies.M),
    },
    causes: [...tallies.U.causes].sort((a, b) => a - b),
    executions: MODES.reduce((sum, mode) => sum + tallies[mode].retired + tallies[mode].trapped, 0),
    why: explain(measurement),
  };
}

function behaviourOf({ retired, trapped }: Tally): Behaviour {
  return trapped === 0 ? "runs" : retired === 0 ? "traps" : "some";
}
