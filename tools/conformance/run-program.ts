/** Runs a program that is a test to its end, on one engine. */
import { type ElfProgram, parseElf } from "../../emulator/board/elf.ts";
import type { Machine } from "../../emulator/board/machine.ts";
import type { EngineName, MachineOptions } from "../../emulator/board/options.ts";
import type { Stop } from "../../emulator/board/stop.ts";
import { Machine as Machines } from "../../emulator/index.ts";
import { compareSignatures, type Signature, type WordMismatch } from "./signature.ts";

/** A program, and how it is to be run. */
export interface ProgramTest {
  readonly path: string;
  readonly image: Uint8Array;
  readonly program: ElfProgram;
  /** What it must leave; undefined where its exit code says all. */
  readonly reference: Signature | undefined;
  /** As `--cpu` takes it; `options` has it understood. */
  readonly cpu: string;
  readonly options: Partial<MachineOptions>;
  /** Instructions, or slots where it only traps, after which it has failed. */
  readonly timeout: number;
}

/** Why a program is over. */
export type End =
  /** The number it ended with: 0 is good. */
  | { readonly reason: "exit"; readonly code: bigint }
  /** It does nothing any more: jumps to itself, or sleeps with nothing to wake it. */
  | { readonly reason: "halted" }
  | { readonly reason: "timeout" }
  | { readonly reason: "reboot" }
  | Extract<Stop, { reason: "stuck" }>;

export interface Outcome {
  readonly end: End;
  /** Where the signature is wrong. */
  readonly mismatches: readonly WordMismatch[];
  readonly instructions: number;
  readonly console: string;
  /** All that harts hold in the end, so that engines can be compared. */
  readonly state: string;
  /** Slots, in whole slices, that had passed before the one in which it ended: where to begin to look closely. */
  readonly before: number;
}

export const sliceSlots = 4096;
/** A program may jump to itself until an interrupt comes; not for so long. */
const haltedSlices = 16;
const consoleBytes = 16_384;

/** Puts a program into a new machine. Throws `ImageError`. */
export async function startProgram(
  test: ProgramTest,
  engine: EngineName,
): Promise<{ machine: Machine; printed: () => string }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const machine = await Machines.create({
    ...test.options,
    engine,
    kernel: test.image,
    onConsole: (bytes) => {
      if (size < consoleBytes) chunks.push(bytes);
      size += bytes.length;
    },
  });
  return { machine, printed: () => Buffer.concat(chunks).toString("utf8") };
}

export const openProgram = (path: string, image: Uint8Array) => parseElf(image, path);

/** Runs a program until it is over. */
export async function runProgram(test: ProgramTest, engine: EngineName): Promise<Outcome> {
  const { machine, printed } = await startProgram(test, engine);
  const { end, before } = runToEnd(machine, test);
  return {
    end,
    mismatches: test.reference === undefined ? [] : compareSignatures(leftBy(machine, test), test.reference),
    instructions: Number(machine.instructions),
    console: printed(),
    state: stateOf(machine),
    before,
  };
}

/** True for what counts as a pass. */
export function hasPassed({ end, mismatches }: Outcome, { reference }: ProgramTest): boolean {
  if (mismatches.length > 0) return false;
  return end.reason === "exit" ? end.code === 0n : end.reason === "halted" && reference !== undefined;
}

function runToEnd(machine: Machine, test: ProgramTest): { end: End; before: number } {
  let still = 0;
  for (let slots = 0; slots < test.timeout; slots += sliceSlots) {
    const before = slots;
    const pc = machine.harts[0]?.pc;
    const stop = advanceSlice(machine, Math.min(sliceSlots, test.timeout - slots));
    const end = endOf(stop);
    if (end !== undefined) return { end, before };
    still = machine.harts[0]?.pc === pc && jumpsToItself(machine) ? still + 1 : 0;
    if (still === haltedSlices) return { end: { reason: "halted" }, before: before - still * sliceSlots };
  }
  return { end: { reason: "timeout" }, before: Math.max(0, test.timeout - sliceSlots) };
}

/** Lets slots pass; where all harts wait for a timer, the time until then too. */
export function advanceSlice(machine: Machine, slots: number): Stop {
  const stop = machine.run(slots);
  if (stop.reason === "idle" && stop.ticks !== undefined) machine.advance(stop.ticks);
  return stop;
}

function endOf(stop: Stop): End | undefined {
  switch (stop.reason) {
    case "power-off":
      return { reason: "exit", code: stop.code ?? BigInt(stop.status) };
    case "reboot":
      return { reason: "reboot" };
    case "stuck":
      return stop;
    case "idle":
      return stop.ticks === undefined ? { reason: "halted" } : undefined;
    default:
      return undefined;
  }
}

const jumpToSelf = [0x0000_006f, 0xa001];

function jumpsToItself(machine: Machine): boolean {
  const [hart] = machine.harts;
  const physical = hart?.translate(hart.pc);
  const bytes = physical === undefined ? undefined : machine.readPhysical(physical, 4);
  if (bytes === undefined) return false;
  const word = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return jumpToSelf.includes((word & 3) === 3 ? word : word & 0xffff);
}

/** The signature that a program has left. */
function leftBy(machine: Machine, { program }: ProgramTest): Uint8Array {
  const { begin, end } = signatureRange(program);
  return machine.readPhysical(begin, Number(end - begin)) ?? new Uint8Array(0);
}

/** Where a program leaves its signature. */
export function signatureRange({ symbols }: ElfProgram): { begin: bigint; end: bigint } {
  const begin = symbols.named("begin_signature")?.address ?? 0n;
  const end = symbols.named("end_signature")?.address ?? 0n;
  return { begin, end: end < begin ? begin : end };
}

function stateOf({ harts }: Machine): string {
  return harts
    .map((hart) => {
      const registers = Array.from({ length: 32 }, (_, n) => `${hart.x(n)} ${hart.f(n)}`);
      return [hart.pc, hart.mode, hart.instructions, ...registers].join(" ");
    })
    .join("\n");
}
