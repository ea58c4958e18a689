/** Address translation: the page-table walk of pc and sp, and what the TLB holds. */
import type { HartView, Machine, TlbEntry } from "../../../emulator/board/machine.ts";
import { hex64 } from "../../host/describe-trap.ts";
import { look, type Span, span } from "../line.ts";
import type { View, ViewLine } from "./view.ts";

interface TranslationMode {
  readonly name: string;
  readonly levels: number;
}

/** satp.MODE (privileged specification, table 4.4). */
const modes = new Map<bigint, TranslationMode>([
  [8n, { name: "Sv39", levels: 3 }],
  [9n, { name: "Sv48", levels: 4 }],
  [10n, { name: "Sv57", levels: 5 }],
]);

const flagLetters = "vrwxugad";
/** By the bits 62 and 61 of a page-table entry (privileged specification, "Svpbmt"). */
const memoryTypes = ["", "nc ", "io ", "reserved type "];
const pteBytes = 8;

export const translationView: View = ({ machine, hart, now }) => {
  const entries = hart.tlb();
  const { hits, misses, evictions, flushes } = hart.tlbCounters();
  const lines: ViewLine[] = [
    ...walkLines(machine, hart, "pc", now.pc),
    ...walkLines(machine, hart, "sp", now.x[2] ?? 0n),
    {
      content: [
        span(`TLB ${entries.length} entries  `, look.strong),
        span(`${hits} hits, ${misses} misses, ${evictions} evictions, ${flushes} flushes`),
      ],
    },
    ...entries.map(entryLine),
  ];
  return { lines, start: 0 };
};

/** satp in words, for example "Sv39 asid 3 root 80200000"; "Bare" without translation. */
export function describeSatp(satp: bigint): string {
  const mode = modes.get(satp >> 60n);
  if (mode === undefined) return "Bare";
  const root = (satp & 0xfff_ffff_ffffn) << 12n;
  return `${mode.name} asid ${(satp >> 44n) & 0xffffn} root ${root.toString(16)}`;
}

/** One line for the address and one for each page-table entry on the way (privileged specification, 4.3.2). */
function walkLines(machine: Machine, hart: HartView, name: string, virtual: bigint): ViewLine[] {
  const satp = hart.csr("satp");
  const mode = hart.mode === "M" ? undefined : modes.get(satp >> 60n);
  const heading = [span(`${name} `, look.name), span(hex64(virtual), look.strong)];
  if (mode === undefined) return [{ content: [...heading, span("  not translated", look.dim)] }];
  const lines: ViewLine[] = [{ content: [...heading, span(`  by ${describeSatp(satp)}`)] }];
  let table = (satp & 0xfff_ffff_ffffn) << 12n;
  for (let level = mode.levels - 1; level >= 0; level--) {
    const index = (virtual >> BigInt(12 + 9 * level)) & 0x1ffn;
    const pte = readPte(machine, table + index * BigInt(pteBytes));
    lines.push({ content: pteSpans(level, index, table, pte) });
    const leaf = pte !== undefined && (pte & 0b1110n) !== 0n;
    if (pte === undefined || (pte & 1n) === 0n || leaf) break;
    table = ((pte >> 10n) & 0xfff_ffff_ffffn) << 12n;
  }
  return lines;
}

function pteSpans(level: number, index: bigint, table: bigint, pte: bigint | undefined): Span[] {
  const place = span(
    `  level ${level} [${index.toString().padStart(3)}] of ${table.toString(16)}: `,
    look.dim,
  );
  if (pte === undefined) return [place, span("outside RAM", look.bad)];
  if ((pte & 1n) === 0n) return [place, span(`${hex64(pte)} invalid`, look.bad)];
  const flags = [...flagLetters].map((letter, bit) => ((pte >> BigInt(bit)) & 1n ? letter : "-")).join("");
  const napot = pte >> 63n === 1n;
  const type = memoryTypes[Number((pte >> 61n) & 3n)] ?? "";
  const attributes = `${flags} ${type}${napot ? "napot " : ""}`;
  // The low four bits of the page number of a 64 KiB page say its size.
  const target = ((pte >> 10n) & (napot ? 0xfff_ffff_fff0n : 0xfff_ffff_ffffn)) << 12n;
  return [place, span(hex64(pte)), span(` ${attributes}`, look.name), span(`→ ${target.toString(16)}`)];
}

function readPte(machine: Machine, address: bigint): bigint | undefined {
  const bytes = machine.readPhysical(address, pteBytes);
  return bytes && new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

function entryLine(entry: TlbEntry): ViewLine {
  const { set, way, asid, global, virtual, physical, bytes, permissions, memoryType } = entry;
  const owner = global ? "global" : `asid ${asid}`;
  return {
    content: [
      span(`${String(set).padStart(4)}.${String(way).padEnd(2)} `, look.dim),
      span(owner.padEnd(11), look.name),
      span(`${hex64(virtual)} → ${physical.toString(16).padStart(14)} `),
      span(`${describeBytes(bytes).padStart(5)} `, look.dim),
      span(permissions, look.good),
      span(memoryType === "main" ? "" : ` ${memoryType}`, look.name),
    ],
    address: virtual,
  };
}

function describeBytes(bytes: bigint): string {
  const units = ["", "K", "M", "G", "T"];
  let size = bytes;
  let unit = 0;
  for (; size >= 1024n && unit < units.length - 1; unit++) size /= 1024n;
  return `${size}${units[unit]}`;
}
