/** Instructions as people read them. */
import type { SymbolTable } from "../../emulator/board/symbols.ts";
import { createDecoder } from "../../emulator/isa/decode.ts";
import { disassemble } from "../../emulator/isa/disassemble.ts";
import { instructions } from "../../emulator/isa/table.ts";
import { symbolicAddress } from "./address.ts";
import type { CodeWord } from "./fetch.ts";

/** Takes an instruction apart, whatever extensions a machine has. */
export const decode = createDecoder(instructions);

const mnemonicWidth = 8;

/** Mnemonic and operands in two columns, targets with their symbols; bits that are no instruction as data. */
export function instructionText({ bits, bytes }: CodeWord, address: bigint, symbols: SymbolTable): string {
  const decoded = decode(bits);
  if (decoded === undefined) return `${bytes === 4 ? ".word" : ".half"}    0x${bits.toString(16)}`;
  const text = disassemble(decoded, address, (target) => symbolicAddress(symbols, target));
  const space = text.indexOf(" ");
  return space < 0 ? text : `${text.slice(0, space).padEnd(mnemonicWidth)} ${text.slice(space + 1)}`;
}

/** The bits in hexadecimal, as wide as the instruction. */
export function bitsText({ bits, bytes }: CodeWord): string {
  return bits.toString(16).padStart(bytes * 2, "0");
}
