/** Finds the shortest program that still shows a finding. */
import type { Finding, Verdict } from "./judge.ts";
import type { Program } from "./program.ts";
import { placed } from "./program.ts";
import type { Item, ItemAddress, StartCsrs, Trial } from "./trial.ts";
import { instructionOf, OPEN_PMP } from "./trial.ts";
import type { Memory } from "./world.ts";
import { DATA, DATA_BYTES, RAM, TABLES, TABLES_BYTES } from "./world.ts";

/** Runs a program; anything that is not deterministic would spoil what follows. */
export type Try = (program: Program) => Promise<Verdict>;

export interface Minimal {
  readonly program: Program;
  readonly finding: Finding;
  /** How many programs were tried on the way. */
  readonly attempts: number;
}

/** Each attempt may start QEMU. */
const MOST_ATTEMPTS = 300;

/** Shortens a program that shows `finding`, as long as it shows a finding of the same sort. */
export async function minimise(program: Program, finding: Finding, attempt: Try): Promise<Minimal> {
  return new Minimiser(program, finding, attempt).run();
}

class Minimiser {
  readonly #attempt: Try;
  readonly #sort: string;
  #program: Program;
  #finding: Finding;
  #attempts = 0;

  constructor(program: Program, finding: Finding, attempt: Try) {
    this.#attempt = attempt;
    this.#sort = finding.sort;
    this.#program = program;
    this.#finding = finding;
  }

  async run(): Promise<Minimal> {
    if (!(await this.#isolate())) await this.#removeTrials();
    if (this.#program.trials.length === 1) {
      await this.#removeItems();
      await this.#simplifyState();
      await this.#clearMemory();
      await this.#removeItems();
    }
    return { program: this.#program, finding: this.#finding, attempts: this.#attempts };
  }

  /** Takes a smaller program where it shows the same sort of finding. */
  async #accept(candidate: Program, anySort = false): Promise<boolean> {
    if (this.#attempts >= MOST_ATTEMPTS) return false;
    this.#attempts++;
    const { finding } = await this.#attempt(candidate);
    if (finding === undefined || !(anySort || finding.sort === this.#sort)) return false;
    this.#program = candidate;
    this.#finding = finding;
    return true;
  }

  /** One trial alone, in the memory that those before it leave. */
  async #isolate(): Promise<boolean> {
    const { trial } = this.#finding;
    if (trial !== undefined && (await this.#alone(trial))) return true;
    // What a trial finds in memory may have differed before: the shortest beginning that differs ends with the culprit.
    let [same, differs] = [0, (trial ?? this.#program.trials.length - 1) + 1];
    while (differs - same > 1) {
      const middle = (same + differs) >> 1;
      this.#attempts++;
      const { finding } = await this.#attempt(this.#beginning(middle));
      if (finding === undefined) same = middle;
      else differs = middle;
    }
    return this.#alone(differs - 1, true);
  }

  async #alone(index: number, anySort = false): Promise<boolean> {
    const { trials, starts } = this.#program;
    const [trial, start] = [trials[index], starts[index]];
    if (trial === undefined || start === undefined) return false;
    const { ram } = await this.#attempt(this.#beginning(index));
    const contents = [piece(ram, DATA, DATA_BYTES), piece(ram, TABLES, TABLES_BYTES)];
    return this.#accept({ ...this.#program, harts: 1, trials: [trial], starts: [start], contents }, anySort);
  }

  #beginning(count: number): Program {
    const { trials, starts } = this.#program;
    return { ...this.#program, trials: trials.slice(0, count), starts: starts.slice(0, count) };
  }

  async #removeTrials(): Promise<void> {
    await shorten(this.#program.trials.length, async (keep) => {
      const { trials } = this.#program;
      return this.#accept(placed({ ...this.#program, trials: trials.filter((_, i) => keep(i)) }), true);
    });
  }

  async #removeItems(): Promise<void> {
    await shorten(this.#trial().items.length, async (keep) => {
      const shorter = without(this.#trial(), keep);
      return shorter !== undefined && (await this.#acceptTrial(shorter));
    });
  }

  #trial(): Trial {
    const [trial] = this.#program.trials;
    if (trial === undefined) throw new RangeError("the program has no trial");
    return trial;
  }

  #acceptTrial(trial: Trial): Promise<boolean> {
    return this.#accept({ ...this.#program, trials: [trial] });
  }

  async #simplifyState(): Promise<void> {
    const simple: Partial<StartCsrs> = {
      ...{ satp: 0n, medeleg: 0n, mideleg: 0n, mip: 0n, mie: 0n, fcsr: 0n, senvcfg: 0n },
      ...{ mcounteren: 0n, scounteren: 0n, pmpcfg0: OPEN_PMP },
    };
    for (const [name, value] of Object.entries(simple)) {
      const trial = this.#trial();
      if (Object.entries(trial.csrs).some(([n, v]) => n === name && v === value)) continue;
      await this.#acceptTrial({ ...trial, csrs: { ...trial.csrs, [name]: value } });
    }
    for (let bit = 0n; bit < 23n; bit++) {
      const trial = this.#trial();
      const { mstatus } = trial.csrs;
      if (bit === 11n || bit === 12n || ((mstatus >> bit) & 1n) === 0n) continue;
      await this.#acceptTrial({ ...trial, csrs: { ...trial.csrs, mstatus: mstatus & ~(1n << bit) } });
    }
    for (const file of ["x", "f"] as const) {
      await clear(32, (keep) => {
        const trial = this.#trial();
        return this.#acceptTrial({ ...trial, [file]: trial[file].map((value, n) => (keep(n) ? value : 0n)) });
      });
    }
  }

  /** Zeroes what need not be there. */
  async #clearMemory(): Promise<void> {
    const contents = this.#program.contents ?? [];
    for (const index of contents.keys()) {
      const bytes = contents[index]?.bytes.length ?? 0;
      const block = 256;
      await clear(bytes / block, (keep) => {
        const cleared = (this.#program.contents ?? []).map((piece, i) => {
          if (i !== index) return piece;
          return {
            ...piece,
            bytes: piece.bytes.map((byte, at) => (keep(Math.floor(at / block)) ? byte : 0)),
          };
        });
        return this.#accept({ ...this.#program, contents: cleared });
      });
    }
  }
}

const piece = (ram: Memory, at: number, length: number) => ({
  at,
  bytes: ram.bytes.slice(at - RAM, at - RAM + length),
});

type Attempt = (keep: (index: number) => boolean) => Promise<boolean>;

/** Delta debugging over a list that gets shorter: tries to do without ever smaller parts of it. */
async function shorten(count: number, attempt: Attempt): Promise<void> {
  let left = count;
  for (let part = left; part >= 1; part = Math.floor(part / 2)) {
    for (let last = left; last > 0; last -= part) {
      const first = Math.max(last - part, 0);
      if (await attempt((index) => index < first || index >= last)) left -= last - first;
    }
  }
}

/** The same over places that stay where they are: tries to clear ever smaller parts. */
async function clear(count: number, attempt: Attempt): Promise<void> {
  const cleared = new Set<number>();
  for (let part = count; part >= 1; part = Math.floor(part / 2)) {
    for (let first = 0; first < count; first += part) {
      const range = Array.from({ length: Math.min(part, count - first) }, (_, i) => first + i);
      if (range.every((index) => cleared.has(index))) continue;
      if (await attempt((index) => index < first || index >= first + part))
        for (const i of range) cleared.add(i);
    }
  }
}

const FENCES: ReadonlySet<string | undefined> = new Set(["fence.i", "sfence.vma"]);

/**
 * A trial without some of its items. What led to one of them leads to the next that is left. Undefined where a store
 * would lose the fence behind it: sides may differ then, and both be right.
 */
function without(trial: Trial, keep: (index: number) => boolean): Trial | undefined {
  const kept = trial.items.map((_, i) => keep(i));
  const bare = trial.items.some(
    ({ word }, i) => !kept[i] && kept[i - 1] === true && FENCES.has(instructionOf(word)?.name),
  );
  if (bare) return undefined;
  const moved = (index: number) => kept.slice(0, index).filter(Boolean).length;
  const items = trial.items
    .filter((_, i) => kept[i])
    .map((item): Item => (item.target === undefined ? item : { ...item, target: moved(item.target) }));
  const addresses = trial.addresses.map((a): ItemAddress => ({ ...a, item: moved(a.item) }));
  return { ...trial, items, addresses };
}
