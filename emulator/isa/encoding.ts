/**
 * Encodings written as the manuals draw them: fields from bit 31 (15 for a compressed instruction) down to bit 0.
 *
 *     "0000000 rs2 rs1 000 rd 0110011"          literal bits and registers
 *     "imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011"   slices of a signed immediate
 *     "000 uimm[5:4|9:6|2|3] rd' 00"            unsigned immediate; rd' is one of x8 to x15
 *
 * A register field may stand for several operands ("rd/rs1"). "." is a bit that decoding ignores. fd, fs1, fs2 and fs3
 * are floating-point registers. Fields that are neither registers nor immediates are known by name (OTHER_FIELDS).
 */
import type { RegisterOperand } from "../language/expression.ts";

export interface RegisterField {
  readonly operands: readonly RegisterOperand[];
  readonly low: number;
  readonly width: 5 | 3;
  readonly file: "x" | "f";
}

/** One run of immediate bits: `width` bits of the encoding from `low` on become immediate bits from `to` on. */
interface ImmediateSlice {
  readonly low: number;
  readonly to: number;
  readonly width: number;
}

/** A field that is neither register nor immediate, such as a rounding mode. */
export interface OtherField {
  readonly name: string;
  readonly low: number;
  readonly width: number;
}

export interface Encoding {
  readonly length: 2 | 4;
  readonly match: number;
  readonly mask: number;
  readonly registers: readonly RegisterField[];
  readonly slices: readonly ImmediateSlice[];
  readonly fields: readonly OtherField[];
  /** Bits of the immediate; 0 when there is none. */
  readonly immediateBits: number;
  readonly signed: boolean;
}

const REGISTER = /^(?:[rf](?:d|s[123])\/)*[rf](?:d|s[123])'?$/;
const IMMEDIATE = /^(u?imm)\[([\d:|]+)\]$/;
const OTHER_FIELDS: Record<string, number> = { rm: 3, zimm: 5, aq: 1, rl: 1, fm: 4, pred: 4, succ: 4 };

/** Reads an encoding pattern. Throws when its widths do not add up to 16 or 32 bits. */
export function parseEncoding(pattern: string): Encoding {
  const registers: RegisterField[] = [];
  const slices: ImmediateSlice[] = [];
  const fields: OtherField[] = [];
  let match = 0;
  let mask = 0;
  let signed = false;
  let immediateBits = 0;
  let low = 0;
  for (const token of pattern.trim().split(/\s+/).reverse()) {
    const immediate = IMMEDIATE.exec(token === "csr" ? "uimm[11:0]" : token);
    if (/^[01.]+$/.test(token)) {
      match |= Number.parseInt(token.replaceAll(".", "0"), 2) << low;
      mask |= Number.parseInt(token.replaceAll("0", "1").replaceAll(".", "0"), 2) << low;
      low += token.length;
    } else if (REGISTER.test(token)) {
      const width = token.endsWith("'") ? 3 : 5;
      const names = token.replace("'", "").split("/");
      const operands = names.map((n) => `r${n.slice(1)}` as RegisterOperand);
      registers.push({ operands, low, width, file: token.startsWith("f") ? "f" : "x" });
      low += width;
    } else if (immediate !== null) {
      signed = immediate[1] === "imm";
      for (const run of (immediate[2] ?? "").split("|").reverse()) {
        const [high = 0, to = high] = run.split(":").map(Number);
        slices.push({ low, to, width: high - to + 1 });
        immediateBits = Math.max(immediateBits, high + 1);
        low += high - to + 1;
      }
    } else {
      const width = OTHER_FIELDS[token];
      if (width === undefined) throw new Error(`encoding "${pattern}": unknown field "${token}"`);
      fields.push({ name: token, low, width });
      low += width;
    }
  }
  if (low !== 16 && low !== 32) throw new Error(`encoding "${pattern}" has ${low} bits`);
  return {
    length: low === 32 ? 4 : 2,
    match: match >>> 0,
    mask: mask >>> 0,
    registers,
    slices,
    fields,
    immediateBits,
    signed,
  };
}

/** The value of a named field of an instruction word; undefined where the encoding has no such field. */
export function fieldOf(encoding: Encoding, name: string, word: number): number | undefined {
  const field = encoding.fields.find((f) => f.name === name);
  return field === undefined ? undefined : (word >>> field.low) & ((1 << field.width) - 1);
}

/** The immediate of an instruction word, extended to a signed 32-bit number. */
export function immediateOf(encoding: Encoding, word: number): number {
  if (encoding.immediateBits === 0) return 0;
  let value = 0;
  for (const { low, to, width } of encoding.slices) {
    const mask = width === 32 ? -1 : (1 << width) - 1;
    value |= ((word >>> low) & mask) << to;
  }
  const unused = encoding.signed ? 32 - encoding.immediateBits : 0;
  return (value << unused) >> unused;
}
