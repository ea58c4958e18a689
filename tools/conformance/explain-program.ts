/** Says why a program failed: runs it again to where it went wrong, and looks at every instruction there. */
import { basename } from "node:path";
import type { Machine } from "../../emulator/board/machine.ts";
import type { EngineName } from "../../emulator/board/options.ts";
import { describeStuck } from "../host/describe-trap.ts";
import { CodeMap, dataOf, describeTrap } from "./code-map.ts";
import { compareCsrValues, type Mismatch, mismatchText, wordOf } from "./mismatch.ts";
import { csrIn, culpritOf, operandsText, writerOf } from "./provenance.ts";
import { rerunProgram } from "./rerun.ts";
import type { Failure } from "./result.ts";
import {
  advanceSlice,
  type Outcome,
  type ProgramTest,
  signatureRange,
  sliceSlots,
  startProgram,
} from "./run-program.ts";
import { type RegisterValue, type Slot, shownSlots, type Trace } from "./trace.ts";
import { machineTrace } from "./trace-machine.ts";
import { type Register, registerName } from "./traits.ts";

/** Slots looked at before the slice in which something happens, so that it is known where values came from. */
const contextSlices = 2;
const keptSlots = (contextSlices + 2) * sliceSlots;
const mostMismatches = 8;

/** What an explanation is made of, before it is put together. */
interface Explanation {
  readonly summary: string;
  readonly trace: Trace;
  /** The last slot to show, counted from the trace's beginning. */
  readonly until: number;
  readonly case?: string | undefined;
  /** Where to stop when it is run again. */
  readonly breakAt?: bigint | undefined;
  readonly instruction?: number | undefined;
  readonly mismatches?: readonly Mismatch[];
  readonly notes?: readonly (string | undefined)[];
}

export async function explainProgram(
  test: ProgramTest,
  engine: EngineName,
  outcome: Outcome,
): Promise<Failure> {
  const map = new CodeMap(test.program);
  const explanation = await new Explainer(test, engine, outcome, map).explain();
  const { summary, trace, until, instruction, mismatches = [], notes = [], breakAt } = explanation;
  const slot = instruction === undefined ? undefined : trace.slots[instruction];
  const stopAt = breakAt ?? slot?.pc;
  const label = stopAt === undefined ? undefined : nameForBreakpoint(map, stopAt);
  return {
    engines: [engine],
    summary,
    ...(explanation.case !== undefined && { case: explanation.case }),
    ...(slot !== undefined && { instruction: map.place(slot) }),
    mismatches,
    notes: [...(slot === undefined ? [] : [operandsText(slot)]), ...notes].filter(
      (note) => note !== undefined,
    ),
    history: trace.slots.slice(Math.max(0, until + 1 - shownSlots), until + 1).map((s) => map.line(s)),
    ...(outcome.console !== "" && { console: outcome.console }),
    rerun: rerunProgram(test, engine, label),
  };
}

/** A symbol where it names exactly that address, as the machine sees it. */
function nameForBreakpoint({ symbols }: CodeMap, address: bigint): string {
  const place = symbols.symbolAt(address);
  return place?.offset === 0n ? place.symbol.name : `0x${address.toString(16)}`;
}

class Explainer {
  readonly #test: ProgramTest;
  readonly #engine: EngineName;
  readonly #outcome: Outcome;
  readonly #map: CodeMap;

  constructor(test: ProgramTest, engine: EngineName, outcome: Outcome, map: CodeMap) {
    this.#test = test;
    this.#engine = engine;
    this.#outcome = outcome;
    this.#map = map;
  }

  explain(): Promise<Explanation> {
    const { end, mismatches } = this.#outcome;
    if (end.reason === "timeout") return this.#timeout();
    if (end.reason === "exit" && end.code !== 0n) return this.#exit(end.code);
    if (mismatches.length > 0) return this.#signature();
    if (end.reason === "stuck") return this.#atEnd(describeStuck(end.trap));
    if (end.reason === "reboot") return this.#atEnd("it asked for a reset instead of reporting");
    return this.#atEnd("it stopped without reporting: it jumps to itself, or sleeps with nothing to wake it");
  }

  // Where it goes wrong

  /** Runs again up to a slot and looks at every one from there, until `enough` says so or it is over. */
  async #traceFrom(
    slot: number,
    enough: (trace: Trace, machine: Machine) => boolean = () => false,
  ): Promise<Trace> {
    const { machine } = await startProgram(this.#test, this.#engine);
    const from = Math.max(0, slot - (slot % sliceSlots) - contextSlices * sliceSlots);
    for (let passed = 0; passed < from; passed += sliceSlots) advanceSlice(machine, sliceSlots);
    const trace = machineTrace(machine, keptSlots);
    const most = slot - from + 2 * sliceSlots;
    for (let steps = 0; steps < most; steps++) {
      const more = trace.step();
      if (!more || enough(trace, machine)) break;
    }
    return trace;
  }

  async #atEnd(summary: string): Promise<Explanation> {
    const trace = await this.#traceFrom(this.#outcome.before, (t) => isHalted(t));
    const until = trace.slots.length - 1;
    return {
      summary,
      trace,
      until,
      ...this.#caseAt(trace, until, undefined),
      notes: [lastTrap(trace, until)],
    };
  }

  async #timeout(): Promise<Explanation> {
    const trace = await this.#traceFrom(this.#outcome.before);
    const until = trace.slots.length - 1;
    const latest = trace.slots.slice(-sliceSlots);
    const pcs = [...new Set(latest.map(({ pc }) => pc))].sort((a, b) => (a < b ? -1 : 1));
    const [lowest, highest] = [pcs[0] ?? 0n, pcs.at(-1) ?? 0n].map((pc) => {
      const slot = latest.find((candidate) => candidate.pc === pc);
      const symbol = slot && this.#map.place(slot).symbol;
      return `0x${pc.toString(16)}${symbol === undefined ? "" : ` <${symbol}>`}`;
    });
    const where =
      pcs.length === 1
        ? `it stays at ${lowest}`
        : `it executes ${pcs.length} instructions between ${lowest} and ${highest}`;
    return {
      summary: `it had not ended after ${this.#test.timeout.toLocaleString("en-US")} instructions: in the end, ${where}`,
      trace,
      until,
      ...this.#caseAt(trace, until, undefined),
      notes: [lastTrap(trace, until)],
    };
  }

  // riscv-tests: a number in tohost

  async #exit(code: bigint): Promise<Explanation> {
    const fail = this.#test.program.symbols.named("fail")?.address;
    const slice = fail === undefined ? undefined : await this.#sliceReaching(this.#map.executedAt(fail));
    if (fail === undefined || slice === undefined) return this.#unexpectedEnd(code);
    const reached = (trace: Trace) => {
      const slot = trace.slots.at(-1);
      return slot !== undefined && this.#map.executedAt(fail).includes(slot.next) && slot.trap === undefined;
    };
    const trace = await this.#traceFrom(slice * sliceSlots, reached);
    return reached(trace) ? this.#branchToFail(trace, code) : this.#unexpectedEnd(code);
  }

  /** The slice in which one of these addresses is executed, if any. */
  async #sliceReaching(addresses: readonly bigint[]): Promise<number | undefined> {
    const { machine } = await startProgram(this.#test, this.#engine);
    for (const address of addresses) machine.breakpoints.add(address);
    const slices = this.#outcome.before / sliceSlots + 1;
    for (let slice = 0; slice <= slices; slice++) {
      const stop = advanceSlice(machine, sliceSlots);
      if (stop.reason === "breakpoint") return slice;
      if (stop.reason !== "limit" && stop.reason !== "idle") return undefined;
    }
    return undefined;
  }

  #branchToFail(trace: Trace, code: bigint): Explanation {
    const until = trace.slots.length - 1;
    const branch = trace.slots[until];
    const about = this.#caseAt(trace, until, code);
    const compared = branch && this.#compared(trace, branch, until);
    const notes = [lastTrap(trace, until)];
    if (branch === undefined || compared === undefined) {
      return { summary: "it went to fail", trace, until, ...about, instruction: until, notes };
    }
    const { register, mismatches } = compared;
    const culprit = culpritOf(trace, register, until, about.since, this.#isMeant);
    const checked = culprit === undefined ? undefined : this.#map.place(branch);
    return {
      summary: mismatches.map(mismatchText).join("; "),
      trace,
      until,
      ...about,
      instruction: culprit ?? until,
      mismatches,
      notes: [checked && `compared at ${checked.address}: ${oneLine(checked.text)}`, ...notes],
    };
  }

  /** What a branch to `fail` compared: the first register is the one that was tried, the second what it must be. */
  #compared(
    trace: Trace,
    { decoded, reads }: Slot,
    at: number,
  ): { register: Register; mismatches: Mismatch[] } | undefined {
    if (decoded === undefined) return undefined;
    const name = decoded.instruction.standsFor ?? decoded.instruction.name;
    const operand = (number: number): RegisterValue =>
      reads.find(({ register }) => register.number === number) ?? {
        register: { file: "x", number },
        value: 0n,
      };
    let [found, expected] = [operand(decoded.rs1), operand(decoded.rs2)];
    if (found.register.number === 0 || (isConstant(trace, found, at) && !isConstant(trace, expected, at))) {
      [found, expected] = [expected, found];
    }
    const { register } = found;
    const csr = csrIn(trace, register, at);
    const what = csr === undefined ? registerName(register) : `${registerName(register)} (${csr})`;
    const value = wordOf(found.value);
    const other = wordOf(expected.value);
    switch (name) {
      case "bne": {
        const fields = csr === undefined ? [] : compareCsrValues(csr, expected.value, found.value);
        return {
          register,
          mismatches: fields.length > 0 ? fields : [{ what, expected: other, found: value }],
        };
      }
      case "beq":
        return { register, mismatches: [{ what, expected: `anything but ${other}`, found: value }] };
      case "blt":
      case "bltu":
      case "bge":
      case "bgeu": {
        const swapped = found.register.number !== decoded.rs1;
        const least = (name === "blt" || name === "bltu") !== swapped;
        return {
          register,
          mismatches: [{ what, expected: `${least ? "at least" : "less than"} ${other}`, found: value }],
        };
      }
      default:
        return undefined;
    }
  }

  /** It reported failure without going to `fail`: from a trap handler, or by an exit of its own. */
  async #unexpectedEnd(code: bigint): Promise<Explanation> {
    const trace = await this.#traceFrom(this.#outcome.before);
    const until = trace.slots.length - 1;
    const about = this.#caseAt(trace, until, undefined);
    const trapped = trace.lastBefore(trace.slots.length, ({ trap }) => trap !== undefined && !isCall(trap));
    const slot = trapped === undefined ? undefined : trace.slots[trapped];
    const reported = `it ended with ${code} (0x${code.toString(16)})`;
    if (trapped === undefined || slot === undefined) {
      return { summary: `${reported} without going to fail`, trace, until, ...about };
    }
    return {
      summary: `a trap that the test does not expect: ${describeTrap(slot)}`,
      trace,
      until,
      ...about,
      instruction: trapped,
      notes: [reported],
    };
  }

  // Architecture tests: a signature in memory

  async #signature(): Promise<Explanation> {
    const { mismatches } = this.#outcome;
    const [first] = mismatches;
    const { begin } = signatureRange(this.#test.program);
    const shown = mismatches.slice(0, mostMismatches).map(({ index, offset, expected, found }) => ({
      what: `word ${index} of the signature, at 0x${(begin + BigInt(offset)).toString(16)}`,
      expected: expected === undefined ? "none: the reference ends before" : `0x${expected}`,
      found: found === undefined ? "none: the signature ends before" : `0x${found}`,
    }));
    const words = `${mismatches.length} word${mismatches.length === 1 ? "" : "s"} of the signature ${mismatches.length === 1 ? "is" : "are"} wrong`;
    const summary = `${words}; the first: ${shown[0] === undefined ? "" : mismatchText(shown[0])}`;
    const address = begin + BigInt(first?.offset ?? 0);
    const slice = first?.found === undefined ? undefined : await this.#sliceStoring(address);
    if (slice === undefined) {
      const explanation = await this.#atEnd(summary);
      return {
        ...explanation,
        mismatches: shown,
        notes: ["nothing in the program stores to the first wrong word"],
      };
    }
    let word = "";
    let stored = -1;
    const trace = await this.#traceFrom(slice * sliceSlots, (t, machine) => {
      const now = wordAt(machine, address);
      if (now !== word) stored = t.slots.length - 1;
      word = now;
      return false;
    });
    return this.#storeExplained(trace, stored, { summary, mismatches: shown });
  }

  /** The last slice that changes the four bytes at an address. */
  async #sliceStoring(address: bigint): Promise<number | undefined> {
    const { machine } = await startProgram(this.#test, this.#engine);
    let word = wordAt(machine, address);
    let last: number | undefined;
    const slices = this.#outcome.before / sliceSlots + 1;
    for (let slice = 0; slice <= slices; slice++) {
      const stop = advanceSlice(machine, sliceSlots);
      const now = wordAt(machine, address);
      if (now !== word) last = slice;
      word = now;
      if (stop.reason !== "limit" && stop.reason !== "idle") break;
    }
    return last;
  }

  #storeExplained(
    trace: Trace,
    stored: number,
    found: Pick<Explanation, "summary" | "mismatches">,
  ): Explanation {
    const slot = trace.slots[stored];
    const data = slot && dataOf(slot);
    if (slot === undefined || data === undefined) {
      return { ...found, trace, until: trace.slots.length - 1, breakAt: slot?.pc };
    }
    const culprit = culpritOf(trace, data.register, stored, 0, this.#isMeant);
    const place = this.#map.place(slot);
    const start = culprit === undefined ? slot : (trace.slots[culprit] ?? slot);
    return {
      ...found,
      trace,
      until: stored,
      breakAt: this.#labelBefore(trace, stored)?.pc ?? start.pc,
      case: place.symbol === undefined ? undefined : `stored at ${place.symbol}`,
      instruction: culprit ?? stored,
      notes: [
        `the word was stored from ${registerName(data.register)} at ${place.address}: ${oneLine(place.text)}`,
        handledTrap(trace, stored),
      ],
    };
  }

  /** The latest executed slot that begins a case (inst_N, or any label) at or before one. */
  #labelBefore(trace: Trace, from: number): Slot | undefined {
    const index = trace.lastBefore(from + 1, (slot) => {
      const place = this.#map.symbols.symbolAt(this.#map.linkAddress(slot));
      return place?.offset === 0n;
    });
    return index === undefined ? undefined : trace.slots[index];
  }

  // Which case it is

  /** The case that runs at a slot, by the number that it reports and by the last label test_N that was executed. */
  #caseAt(
    trace: Trace,
    at: number,
    code: bigint | undefined,
  ): { case: string | undefined; breakAt: bigint | undefined; since: number } {
    const starts = this.#caseLabels();
    const numbered = code === undefined ? undefined : `test ${code}`;
    const index = trace.lastBefore(at + 1, (slot) => starts.has(this.#map.linkAddress(slot)));
    const slot = index === undefined ? undefined : trace.slots[index];
    const label = slot && starts.get(this.#map.linkAddress(slot));
    const reported = numbered?.replace(" ", "_");
    const known = reported !== undefined && this.#test.program.symbols.named(reported) !== undefined;
    const name = known ? reported : label;
    const begins = name === label ? slot?.pc : this.#test.program.symbols.named(name ?? "")?.address;
    return {
      case: name === undefined ? numbered : `test ${name.slice("test_".length)} (${name})`,
      breakAt: begins,
      since: name === label ? (index ?? 0) : 0,
    };
  }

  #caseLabels(): Map<bigint, string> {
    const labels = this.#map.symbols.all.filter(({ name }) => /^test_\d+$/.test(name));
    return new Map(labels.map(({ address, name }) => [address, name]));
  }

  /** True for the instruction that the file is named after: rv64ui-p-lw, amoadd_w, cadd-01. */
  readonly #isMeant = (mnemonics: readonly string[]): boolean => {
    const stem = basename(this.#test.path).replace(/\.(elf|bin|out)$/i, "");
    const plain = (text: string) => text.toLowerCase().replace(/[._]/g, "");
    const words = new Set(stem.split("-").flatMap((word) => [plain(word), plain(word.split("_")[0] ?? "")]));
    return mnemonics.some(
      (mnemonic) => words.has(plain(mnemonic)) || words.has(plain(mnemonic.split(".")[0] ?? "")),
    );
  };
}

/** True when the latest slots are one jump to itself. */
function isHalted({ slots }: Trace): boolean {
  const [before, last] = slots.slice(-2);
  return before !== undefined && last !== undefined && before.pc === last.pc && last.next === last.pc;
}

const isCall = ({ interrupt, cause }: { interrupt: boolean; cause: number }) =>
  !interrupt && cause >= 8 && cause <= 11;

/** The latest exception that is shown and is no system call, in words. */
function lastTrap(trace: Trace, until: number): string | undefined {
  const index = trace.lastBefore(until + 1, ({ trap }) => trap !== undefined && !isCall(trap));
  return index === undefined || index <= until - shownSlots ? undefined : trapAt(trace, index);
}

/** The trap whose handler executes a slot, however long that takes it, in words. Calls are left out: tests return by jumps. */
function handledTrap(trace: Trace, at: number): string | undefined {
  const index = trace.lastBefore(at, (slot) => slot.trap !== undefined || isTrapReturn(slot));
  const trap = index === undefined ? undefined : trace.slots[index]?.trap;
  return index === undefined || trap === undefined || isCall(trap) ? undefined : trapAt(trace, index);
}

const isTrapReturn = ({ decoded }: Slot) =>
  decoded !== undefined && ["mret", "sret"].includes(decoded.instruction.name);

function trapAt(trace: Trace, index: number): string | undefined {
  const slot = trace.slots[index];
  return slot && `the last trap: ${describeTrap(slot)}, at 0x${slot.pc.toString(16)}`;
}

/** True for what was put together from constants. */
function isConstant(trace: Trace, { register }: RegisterValue, from: number): boolean {
  if (register.number === 0) return true;
  const index = writerOf(trace, register, from);
  const slot = index === undefined ? undefined : trace.slots[index];
  if (index === undefined || slot?.access !== undefined || slot?.csr !== undefined || slot === undefined)
    return false;
  const name = slot.decoded?.instruction.standsFor ?? slot.decoded?.instruction.name ?? "";
  if (!["addi", "addiw", "lui", "slli", "auipc"].includes(name)) return false;
  return slot.reads.every((read) => isConstant(trace, read, index));
}

function wordAt(machine: Machine, address: bigint): string {
  const bytes = machine.readPhysical(address, 4);
  return bytes === undefined ? "" : Buffer.from(bytes).toString("hex");
}

const oneLine = (text: string) => text.replace(/ +/g, " ");
