/** From instruction words to entries of the table and their operands. */
import type { RegisterOperand } from "../language/expression.ts";
import { immediateOf } from "./encoding.ts";
import type { Instruction } from "./instruction.ts";

/** An instruction word taken apart. */
export interface Decoded {
  readonly instruction: Instruction;
  /** The encoding as an unsigned number: 32 bits, or 16 for a compressed instruction. */
  readonly word: number;
  /** Register numbers, 0 where the instruction has no such operand. */
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  readonly rs3: number;
  /** Signed 32-bit; 0 where there is none. */
  readonly immediate: number;
}

/** Decodes the four bytes at an instruction's address, little-endian; undefined where no entry matches. */
export type Decoder = (word: number) => Decoded | undefined;

/** Where a register number stands in the word: `(word >>> low & mask) + base`. */
interface Extraction {
  readonly low: number;
  readonly mask: number;
  readonly base: number;
}

interface Candidate {
  readonly instruction: Instruction;
  readonly match: number;
  readonly mask: number;
  /** How many bits the mask has. */
  readonly fixedBits: number;
  readonly rd: Extraction;
  readonly rs1: Extraction;
  readonly rs2: Extraction;
  readonly rs3: Extraction;
}

const LONG_BUCKETS = 256;
const SHORT_BUCKETS = 32;
/** The bits that choose a bucket: opcode and funct3 of a 32-bit instruction, the same of a compressed one. */
const LONG_KEY = 0x707f;
const SHORT_KEY = 0xe003;

const isLong = (word: number) => (word & 3) === 3;

function bucketOf(word: number): number {
  if (isLong(word)) return ((word >>> 2) & 0x1f) | ((word >>> 7) & 0xe0);
  return LONG_BUCKETS + ((word & 3) | ((word >>> 11) & 0x1c));
}

/** A word that falls into a bucket: the key bits of it. */
function keyOf(bucket: number): number {
  if (bucket < LONG_BUCKETS) return ((bucket & 0x1f) << 2) | ((bucket & 0xe0) << 7) | 3;
  const short = bucket - LONG_BUCKETS;
  return (short & 3) | ((short & 0x1c) << 11);
}

/** Makes the decoder of a set of instructions. Where two entries match, the more specific one wins. */
export function createDecoder(instructions: readonly Instruction[]): Decoder {
  const candidates = instructions.map(candidate).sort((a, b) => b.fixedBits - a.fixedBits);
  /** Filled as words ask for them. */
  const buckets = new Array<readonly Candidate[] | undefined>(LONG_BUCKETS + SHORT_BUCKETS);
  const fill = (bucket: number): readonly Candidate[] => {
    const key = keyOf(bucket);
    const keyMask = isLong(key) ? LONG_KEY : SHORT_KEY;
    const filled = candidates.filter(({ match, mask }) => ((match ^ key) & mask & keyMask) === 0);
    buckets[bucket] = filled;
    return filled;
  };
  return (fetched) => {
    const word = isLong(fetched) ? fetched >>> 0 : fetched & 0xffff;
    const bucket = bucketOf(word);
    for (const entry of buckets[bucket] ?? fill(bucket)) {
      if (((word ^ entry.match) & entry.mask) !== 0) continue;
      const decoded = extract(entry, word);
      if (!isExcepted(decoded)) return decoded;
    }
    return undefined;
  };
}

function candidate(instruction: Instruction): Candidate {
  const { match, mask } = instruction.encoding;
  const at = (operand: RegisterOperand) => extraction(instruction, operand);
  const fixedBits = mask.toString(2).replaceAll("0", "").length;
  return {
    instruction,
    match,
    mask,
    fixedBits,
    rd: at("rd"),
    rs1: at("rs1"),
    rs2: at("rs2"),
    rs3: at("rs3"),
  };
}

function extraction({ encoding, fixed }: Instruction, operand: RegisterOperand): Extraction {
  const field = encoding.registers.find(({ operands }) => operands.includes(operand));
  if (field === undefined) return { low: 0, mask: 0, base: fixed[operand] ?? 0 };
  return { low: field.low, mask: (1 << field.width) - 1, base: field.width === 3 ? 8 : 0 };
}

function extract(entry: Candidate, word: number): Decoded {
  const { instruction, rd, rs1, rs2, rs3 } = entry;
  return {
    instruction,
    word,
    rd: ((word >>> rd.low) & rd.mask) + rd.base,
    rs1: ((word >>> rs1.low) & rs1.mask) + rs1.base,
    rs2: ((word >>> rs2.low) & rs2.mask) + rs2.base,
    rs3: ((word >>> rs3.low) & rs3.mask) + rs3.base,
    immediate: instruction.fixed.imm ?? immediateOf(instruction.encoding, word),
  };
}

function isExcepted(decoded: Decoded): boolean {
  return decoded.instruction.except.some(
    ({ operand, value }) => (operand === "imm" ? decoded.immediate : decoded[operand]) === value,
  );
}
