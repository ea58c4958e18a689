/** A minimal program as a conformance case: the state at its first instruction, and what the other side found at its end. */
import { Bench } from "../../emulator/board/bench.ts";
import { csrs } from "../../emulator/isa/csr.ts";
import type { Piece, Test } from "../conformance/case.ts";
import { watchedCsrs } from "../conformance/case.ts";
import type { Difference } from "./compare.ts";
import { compareRuns } from "./compare.ts";
import type { Finding } from "./judge.ts";
import { readLog } from "./log.ts";
import { describeCpu } from "./plan.ts";
import type { Program } from "./program.ts";
import { imageOf } from "./program.ts";
import { itemAddresses } from "./trial.ts";
import type { Runtime } from "./world.ts";
import { CODE, LOG, POOL, RAM, RAM_BYTES, USER_ALIAS } from "./world.ts";

const MOST_SLOTS = 20_000;
const ENTRY = POOL + 16;
/** The trap registers of M-mode, which the log has from the trap that ended the trial. */
const ending = { mcause: "cause", mepc: "epc", mtval: "tval" } as const;
/** What a hart is given, in this order: mstatus last, for writing fcsr makes FS dirty. */
const given = [...watchedCsrs.filter((name) => name !== "mstatus"), "pmpaddr7", "mip", "mstatus"];

interface ExpectedState {
  readonly x: Record<number, bigint>;
  readonly f: Record<number, bigint>;
  readonly csrs: Record<string, bigint>;
}

/**
 * A test that fails on a side that is wrong. Expected is what QEMU found, or the reference engine where engines part.
 * Undefined where a program has more than one trial, or does not come to its end.
 */
export async function testOf(
  name: string,
  program: Program,
  finding: Finding,
  runtime: Runtime,
): Promise<Test | undefined> {
  const [trial] = program.trials;
  if (trial === undefined || program.trials.length !== 1 || program.harts !== 1) return undefined;
  const { cpu } = program.ground;
  const bench = await Bench.create({ engine: "reference", cpu, memory: RAM_BYTES });
  const [hart] = bench.harts;
  if (hart === undefined) return undefined;
  const image = imageOf(program, runtime);
  bench.write(BigInt(RAM), image.bytes);
  if (!runTo(bench, () => hart.pc === image.get64(ENTRY))) return undefined;

  const registers = Array.from({ length: 32 }, (_, n) => n);
  const table = (read: (n: number) => bigint) => Object.fromEntries(registers.map((n) => [n, read(n)]));
  const known = new Set(csrs.map((csr) => csr.name));
  const csrTable = (names: readonly string[]) =>
    Object.fromEntries(names.filter((n) => known.has(n)).map((n) => [n, hart.csr(n)]));
  const state = (names: readonly string[]) => ({
    pc: hart.pc,
    mode: hart.mode,
    x: table((n) => hart.x(n)),
    f: table((n) => hart.f(n)),
    csrs: csrTable(names),
  });
  const before = state(given);
  const memory = pieces(bench);

  const end = BigInt(itemAddresses(trial, program.starts[0] ?? CODE).at(-1) ?? CODE);
  const handler = hart.csr("mtvec");
  const ended = () =>
    hart.pc === handler && endsTrial(hart.csr("mcause"), hart.csr("mepc") & ~BigInt(USER_ALIAS), end);
  const slots = runTo(bench, ended);
  if (slots === undefined) return undefined;
  const after = state(watchedCsrs);
  const changed: Piece[] = [];
  for (const difference of unexplained(program, finding)) {
    if (difference.kind === "state") expectState(after, difference.name, difference.theirs);
    if (difference.kind === "memory") changed.push(eightBytes(difference.at, difference.theirs));
    if (difference.kind === "trap" && difference.theirs !== undefined) {
      for (const [csr, field] of Object.entries(ending)) after.csrs[csr] = difference.theirs[field];
      after.csrs.mstatus = difference.theirs.status;
    }
  }
  const cases = [
    {
      name: "the end of the program",
      because: `${finding.sides.join(" and ")} part: ${finding.differences.join("; ")}`,
      before,
      memory,
      steps: [{ slots, after: { ...after, ...(changed.length > 0 && { memory: changed }) } }],
    },
  ];
  return { name, cpu: describeCpu(cpu), ram: RAM_BYTES, cases: () => cases };
}

/** What QEMU found that no deviation explains, in the trial's last trap and after it. */
function unexplained(program: Program, { ram, theirs }: Finding): Difference[] {
  if (theirs === undefined) return [];
  const last = (readLog(ram)[0]?.traps.length ?? 0) - 1;
  const [first] = compareRuns(program, ram, theirs).divergences;
  return (first?.differences ?? []).filter((d) => d.kind !== "trap" || d.number === last);
}

function expectState(after: ExpectedState, name: string, value: bigint): void {
  const register = Number(name.slice(1));
  if (/^x\d/.test(name)) after.x[register] = value;
  else if (/^f\d/.test(name)) after.f[register] = value;
  else if (name in after.csrs) after.csrs[name] = value;
}

function eightBytes(at: number, value: bigint): Piece {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return { at: BigInt(at), bytes };
}

function endsTrial(cause: bigint, pc: bigint, end: bigint): boolean {
  return pc === end || cause === 0n || cause === 1n || cause === 12n;
}

/** Slots until something holds; undefined where it never does. */
function runTo(bench: Bench, holds: () => boolean): number | undefined {
  for (let slots = 0; slots < MOST_SLOTS; slots++) {
    if (holds()) return slots;
    bench.resume(1);
  }
  return undefined;
}

/** RAM without the log and the pool, as far as it is not zero. */
function pieces(bench: Bench): Piece[] {
  const block = 64;
  const found: Piece[] = [];
  const ram = bench.ram.subarray(0, LOG - RAM);
  for (let at = 0; at < POOL - RAM; at += block) {
    const from = at;
    while (at < POOL - RAM && ram.subarray(at, at + block).some((byte) => byte !== 0)) at += block;
    if (at > from) found.push({ at: BigInt(RAM + from), bytes: ram.slice(from, at) });
  }
  return found;
}
