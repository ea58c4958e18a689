/** Instructions as text, as GNU objdump writes them. */
import { csrs } from "./csr.ts";
import type { Decoded } from "./decode.ts";
import { fieldOf } from "./encoding.ts";
import type { Instruction } from "./instruction.ts";
import { pseudoInstructions } from "./pseudo.ts";
import { instructions } from "./table.ts";

/** What lies at an address, for example "main+0x10"; undefined where nothing is known. */
export type SymbolLookup = (address: bigint) => string | undefined;

/** Names of x0 to x31 in the calling convention. */
export const integerRegisterNames: readonly string[] = names(
  "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6",
);
/** Names of f0 to f31 in the calling convention. */
export const floatRegisterNames: readonly string[] = names(
  "ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 " +
    "fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11",
);
const roundingModes = names("rne rtz rdn rup rmm unknown unknown dyn");
const DYNAMIC = 7;

const csrNames = new Map(csrs.map(({ number, name }) => [number, name]));
const entries = new Map(instructions.map((entry) => [entry.name, entry]));

function names(list: string): string[] {
  return list.split(" ");
}

/** The 32-bit instruction that a compressed one stands for; any other stands for itself. */
function baseOf(instruction: Instruction): Instruction {
  return entries.get(instruction.standsFor ?? "") ?? instruction;
}

/**
 * The instruction at `pc` in its usual form: under its pseudo-instruction's name where there is one, a compressed
 * instruction as the one it stands for. One space stands between mnemonic and operands, a comma between operands.
 */
export function disassemble(decoded: Decoded, pc: bigint, symbol: SymbolLookup = () => undefined): string {
  const base = baseOf(decoded.instruction);
  const pseudos = [decoded.instruction, base].flatMap(({ name }) => pseudoInstructions.get(name) ?? []);
  const { name, assembly } = pseudos.find(({ holds }) => holds(decoded)) ?? base;
  return write(name, assembly, decoded, pc, symbol);
}

/** The instruction under its own name and with all its operands: "c.addi sp,-16", "jalr zero,0(ra)". */
export function disassembleRaw(decoded: Decoded, pc: bigint, symbol: SymbolLookup = () => undefined): string {
  const { name, assembly } = decoded.instruction;
  return write(name, assembly, decoded, pc, symbol);
}

function write(name: string, assembly: string, decoded: Decoded, pc: bigint, symbol: SymbolLookup): string {
  const operands = assembly
    .split(", ")
    .map((operand) => operand.replace(/[a-z]+\d?/g, (token) => operandText(token, decoded, pc, symbol)))
    .filter((text) => text !== "");
  const mnemonic = name + orderingSuffix(decoded);
  return operands.length === 0 ? mnemonic : `${mnemonic} ${operands.join(",")}`;
}

/** ".aq", ".rl" or ".aqrl" of an atomic instruction. */
function orderingSuffix({ instruction, word }: Decoded): string {
  const bits = ["aq", "rl"].filter((name) => fieldOf(instruction.encoding, name, word) === 1);
  return bits.length === 0 ? "" : `.${bits.join("")}`;
}

/** The text of one operand; empty where it goes without saying. */
function operandText(token: string, decoded: Decoded, pc: bigint, symbol: SymbolLookup): string {
  const field = fieldOf(decoded.instruction.encoding, token, decoded.word) ?? 0;
  switch (token) {
    case "rd":
    case "rs1":
    case "rs2":
      return integerRegisterNames[decoded[token]] ?? "";
    case "fd":
      return floatRegisterNames[decoded.rd] ?? "";
    case "fs1":
      return floatRegisterNames[decoded.rs1] ?? "";
    case "fs2":
      return floatRegisterNames[decoded.rs2] ?? "";
    case "fs3":
      return floatRegisterNames[decoded.rs3] ?? "";
    case "imm":
      return immediateText(decoded);
    case "target":
      return targetText(BigInt.asUintN(64, pc + BigInt(decoded.immediate)), symbol);
    case "csr":
      return csrNames.get(decoded.immediate) ?? hexadecimal(decoded.immediate);
    case "rm":
      return field === DYNAMIC ? "" : (roundingModes[field] ?? "");
    case "pred":
    case "succ":
      return accessSet(field);
    case "zimm":
      return String(field);
    default:
      throw new Error(`${decoded.instruction.name}: unknown operand "${token}" in its assembly form`);
  }
}

const hexadecimal = (value: number | bigint) => `0x${value.toString(16)}`;

/** Upper immediates as their 20 bits and shift counts are hexadecimal, all others signed decimal. */
function immediateText({ instruction, immediate }: Decoded): string {
  const { signed, slices } = baseOf(instruction).encoding;
  if (slices.every(({ to }) => to >= 12)) return hexadecimal(immediate >>> 12);
  return signed ? String(immediate) : hexadecimal(immediate);
}

function targetText(address: bigint, symbol: SymbolLookup): string {
  const name = symbol(address);
  return address.toString(16) + (name === undefined ? "" : ` <${name}>`);
}

/** The accesses a fence orders: device input and output, memory reads and writes. */
function accessSet(bits: number): string {
  const letters = [..."iorw"].filter((_, index) => (bits & (8 >> index)) !== 0);
  return letters.length === 0 ? "0" : letters.join("");
}
