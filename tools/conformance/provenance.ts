/** How a register came by its value: the instructions that it was computed with, in a trace. */

import { disassemble } from "../../emulator/isa/disassemble.ts";
import { dataOf } from "./code-map.ts";
import type { Slot, Trace } from "./trace.ts";
import { type Register, registerName } from "./traits.ts";

/** So many instructions back, a value's origin is no longer what a test is about. */
const mostAncestors = 24;

/** The latest slot before `from` that wrote a register. */
export function writerOf(trace: Trace, register: Register, from: number): number | undefined {
  return trace.lastBefore(from, ({ written, hart }) => {
    const own = trace.slots[from]?.hart ?? hart;
    return (
      hart === own &&
      written !== undefined &&
      written.register.file === register.file &&
      written.register.number === register.number
    );
  });
}

/**
 * The instruction that a test is about, when a register holds the wrong value before slot `from`: among those that the
 * value was computed with, not earlier than slot `since`, one that `isMeant` names, and otherwise the last that does more
 * than move it.
 */
export function culpritOf(
  trace: Trace,
  register: Register,
  from: number,
  since: number,
  isMeant: (mnemonics: readonly string[]) => boolean,
): number | undefined {
  const ancestors = ancestorsOf(trace, register, from, since);
  const meant = ancestors.find((index) => {
    const slot = trace.slots[index];
    return slot !== undefined && isMeant(mnemonicsOf(slot));
  });
  if (meant !== undefined) return meant;
  return ancestors.find((index) => !isMove(trace.slots[index])) ?? ancestors[0];
}

/** Slots that a register's value depends on, the latest dependency first. */
function ancestorsOf(trace: Trace, register: Register, from: number, since: number): number[] {
  const found: number[] = [];
  const first = writerOf(trace, register, from);
  const queue = first === undefined ? [] : [first];
  for (
    let index = queue.shift();
    index !== undefined && found.length < mostAncestors;
    index = queue.shift()
  ) {
    if (index < since || found.includes(index)) continue;
    found.push(index);
    queue.push(...parentsOf(trace, index));
  }
  return found;
}

function parentsOf(trace: Trace, index: number): number[] {
  const slot = trace.slots[index];
  if (slot === undefined) return [];
  const { reads, csr, access } = slot;
  const parents = reads.flatMap(({ register }) => writerOf(trace, register, index) ?? []);
  if (access !== undefined && !access.stores) parents.push(...(storeTo(trace, access, index) ?? []));
  // Accrued exception flags come from the last instruction that computed.
  if (csr?.name === "fflags" || csr?.name === "fcsr") parents.push(...(lastComputation(trace, index) ?? []));
  return parents;
}

function storeTo(
  trace: Trace,
  { address, bytes }: NonNullable<Slot["access"]>,
  from: number,
): number[] | undefined {
  const index = trace.lastBefore(
    from,
    ({ access }) =>
      access?.stores === true &&
      access.address < address + BigInt(bytes) &&
      address < access.address + BigInt(access.bytes),
  );
  return index === undefined ? undefined : [index];
}

const floatExtensions = ["f", "d", "zfh", "zfhmin"];

function lastComputation(trace: Trace, from: number): number[] | undefined {
  const index = trace.lastBefore(from, ({ decoded, access }) => {
    const { extension, name } = decoded?.instruction ?? { extension: "", name: "" };
    return access === undefined && floatExtensions.includes(extension) && !name.startsWith("fmv");
  });
  return index === undefined ? undefined : [index];
}

function isMove(slot: Slot | undefined): boolean {
  const [name = ""] = slot === undefined ? [] : mnemonicsOf(slot).slice(-1);
  return (
    name === "mv" || name.startsWith("fmv.") || slot?.csr?.name === "fflags" || slot?.csr?.name === "fcsr"
  );
}

/** Names by which an instruction goes: its own, the one it stands for, its pseudo-instruction's. */
function mnemonicsOf({ decoded, pc }: Slot): string[] {
  if (decoded === undefined) return [];
  const { name, standsFor } = decoded.instruction;
  const [shown = ""] = disassemble(decoded, pc).split(" ");
  return [...new Set([name, ...(standsFor === undefined ? [] : [standsFor]), shown])];
}

/** The CSR whose value a register holds, perhaps with some bits masked out. */
export function csrIn(trace: Trace, register: Register, from: number): string | undefined {
  let index = writerOf(trace, register, from);
  for (let steps = 0; index !== undefined && steps < 4; steps++) {
    const slot: Slot | undefined = trace.slots[index];
    if (slot?.csr !== undefined && slot.written !== undefined) return slot.csr.name;
    const name = slot?.decoded?.instruction.standsFor ?? slot?.decoded?.instruction.name ?? "";
    const masks = ["and", "andi", "addi"].includes(name);
    if (!masks || slot === undefined) return undefined;
    const at: number = index;
    const sources: number[] = slot.reads.flatMap((read) => writerOf(trace, read.register, at) ?? []);
    index = sources.find((source) => trace.slots[source]?.csr !== undefined) ?? sources[0];
  }
  return undefined;
}

/** What an instruction worked on: "with a1 = 0x1, a2 = 0xffffffff". */
export function operandsText(slot: Slot): string | undefined {
  const parts = slot.reads.map(
    ({ register, value }) => `${registerName(register)} = 0x${value.toString(16)}`,
  );
  if (slot.access !== undefined) {
    const { address, bytes, stores } = slot.access;
    const stored = stores ? dataOf(slot) : undefined;
    parts.push(`${stored === undefined ? "" : "storing to "}${bytes} bytes at 0x${address.toString(16)}`);
  }
  return parts.length === 0 ? undefined : `with ${parts.join(", ")}`;
}
