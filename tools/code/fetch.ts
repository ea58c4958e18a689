/** The guest's code as a hart sees it. */
import type { HartView, Machine } from "../../emulator/board/machine.ts";

export interface CodeWord {
  /** The instruction's bits: 16 or 32 of them. */
  readonly bits: number;
  readonly bytes: 2 | 4;
}

/** The instruction at a virtual address; undefined where fetching it would fault. */
export function readCode(machine: Machine, hart: HartView, pc: bigint): CodeWord | undefined {
  const low = readParcel(machine, hart, pc);
  if (low === undefined) return undefined;
  // Two set bits at the bottom say that a second parcel follows (unprivileged specification, 1.5).
  if ((low & 3) !== 3) return { bits: low, bytes: 2 };
  // Parcels are fetched one by one because the second may lie on another page.
  const high = readParcel(machine, hart, pc + 2n);
  return high === undefined ? undefined : { bits: ((high << 16) | low) >>> 0, bytes: 4 };
}

function readParcel(machine: Machine, hart: HartView, pc: bigint): number | undefined {
  const physical = hart.translate(BigInt.asUintN(64, pc));
  const bytes = physical === undefined ? undefined : machine.readPhysical(physical, 2);
  return bytes && (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
}

const environmentCall = 0x0000_0073;

/** True for what comes back to the next instruction when all is done: calls, which link to ra or t0, and `ecall`. */
export function isCall({ bits, bytes }: CodeWord): boolean {
  if (bytes === 2) return (bits & 0xf07f) === 0x9002 && (bits & 0x0f80) !== 0; // c.jalr
  const opcode = bits & 0x7f;
  const link = (bits >>> 7) & 0x1f;
  const jumps = opcode === 0x6f || opcode === 0x67; // jal, jalr
  return bits === environmentCall || (jumps && (link === 1 || link === 5));
}
