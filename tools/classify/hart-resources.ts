/** Which parts of a hart's state are resources, and which of them an instruction has changed. */
import { PMP_ADDRESS_OFFSET, PMP_CONFIG_OFFSET, PMP_ENTRIES, state } from "../../emulator/hart/layout.ts";
import { TLB_ENTRY_BYTES, TlbEntryOffset } from "../../emulator/memory/tlb.ts";

type Field = keyof typeof state;

/** Fields that are none. */
const OTHER_FIELDS: ReadonlySet<string> = new Set<Field>([
  // The context.
  "pc",
  "fcsr",
  "reservation",
  "reservedBytes",
  // Every instruction takes time, and every access may enter translations.
  "clock",
  "retired",
  "tlbHits",
  "tlbMisses",
  "tlbEvictions",
  "tlbFlushes",
  "tlbSizes",
  // Worked out from the clock and the comparators, which are resources.
  "timers",
  "timersUntil",
  // A hint about whose turn it is.
  "yielding",
  // How the machine notes traps.
  "raisedCause",
  "raisedValue",
  "repeatedTraps",
  "lastTrapRetired",
  "lastTrapPc",
]);

/** FS summarises whether the context's floating-point registers have been written. */
const FS = 3 << 13;

/** A 32-bit word of a hart's state, and the bits of it that count. */
interface Word {
  readonly resource: string;
  readonly index: number;
  readonly mask: number;
}

const words = (resource: string, offset: number, bytes: number): Word[] =>
  Array.from({ length: bytes / 4 }, (_, i) => ({ resource, index: offset / 4 + i, mask: -1 }));

const fields = Object.entries(state).sort(([, a], [, b]) => a.offset - b.offset);

const resourceWords: readonly Word[] = [
  ...fields
    .filter(([name]) => !OTHER_FIELDS.has(name))
    .flatMap(([name, { offset }]) => {
      const next = fields.find((field) => field[1].offset > offset);
      return words(name, offset, next?.[1].offset === offset + 4 ? 4 : 8);
    })
    .map((word) => (word.index === state.mstatus.offset / 4 ? { ...word, mask: ~FS } : word)),
  ...words("pmpcfg", PMP_CONFIG_OFFSET, PMP_ENTRIES),
  ...words("pmpaddr", PMP_ADDRESS_OFFSET, PMP_ENTRIES * 8),
];

/** The names of resources that differ between two states of a hart, given as 32-bit words. */
export function changedResources(before: Int32Array, after: Int32Array): string[] {
  const changed = new Set<string>();
  for (const { resource, index, mask } of resourceWords) {
    if ((((before[index] ?? 0) ^ (after[index] ?? 0)) & mask) !== 0) changed.add(resource);
  }
  return [...changed];
}

/** Whether the TLB holds less than before. That it holds more is no matter: translations enter it at any time. */
export function hasLostTranslations(before: Uint8Array, after: Uint8Array): boolean {
  for (let at = TlbEntryOffset.flags; at < before.length; at += TLB_ENTRY_BYTES) {
    if (before[at] !== 0 && after[at] !== before[at]) return true;
  }
  return false;
}
