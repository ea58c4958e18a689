/** What a hart executes, as the program's author knows it: by label, instruction and source line. */
import type { ElfProgram } from "../../emulator/board/elf.ts";
import { SymbolTable } from "../../emulator/board/symbols.ts";
import { symbolicAddress, symbolsOf } from "../code/address.ts";
import { SourceLines } from "../code/lines.ts";
import { bitsText, instructionText } from "../code/text.ts";
import { describeCause } from "../host/describe-trap.ts";
import { wordOf } from "./mismatch.ts";
import type { HistoryLine, Place } from "./result.ts";
import type { Slot } from "./trace.ts";
import { registerName } from "./traits.ts";

const hex = (value: bigint) => `0x${value.toString(16)}`;

export class CodeMap {
  readonly symbols: SymbolTable;
  readonly #program: ElfProgram | undefined;
  readonly #lines: SourceLines | undefined;

  /** Without a program there are no names. */
  constructor(program?: ElfProgram) {
    this.#program = program;
    this.symbols = program === undefined ? new SymbolTable([]) : symbolsOf(program);
    this.#lines = program && new SourceLines(program);
  }

  /**
   * Where the code of a slot stands in the program. A test environment may map it elsewhere, and even copy it: then it is
   * told by its contents.
   */
  linkAddress({ pc, physical, code }: Slot): bigint {
    const base = this.#program?.segments[0]?.virtual ?? 0n;
    const candidates = [pc, physical ?? pc, pc + base];
    return (
      candidates.find((address) => code !== undefined && this.#holds(address, code.bits, code.bytes)) ?? pc
    );
  }

  /** Addresses at which the code that the program has at an address may be executed. */
  executedAt(address: bigint): bigint[] {
    const base = this.#program?.segments[0]?.virtual ?? 0n;
    return address >= base && base > 0n ? [address, address - base] : [address];
  }

  place(slot: Slot): Place {
    const address = this.linkAddress(slot);
    const symbol = symbolicAddress(this.symbols, address);
    const source = this.#lines?.at(address);
    const { code } = slot;
    return {
      address: hex(slot.pc),
      ...(symbol !== undefined && { symbol }),
      bits: code === undefined ? "" : bitsText(code),
      text: code === undefined ? unreadable(slot) : instructionText(code, address, this.symbols),
      ...(source !== undefined && { source: `${source.file}:${source.line}` }),
    };
  }

  line(slot: Slot): HistoryLine {
    const effect = effectOf(slot);
    return {
      ...this.place(slot),
      hart: slot.hart,
      mode: slot.mode,
      ...(slot.trap?.interrupt && { text: "(interrupted before this)" }),
      ...(effect !== undefined && { effect }),
      ...(slot.trap !== undefined && { trap: describeTrap(slot) }),
    };
  }

  #holds(address: bigint, bits: number, bytes: number): boolean {
    const segment = this.#program?.segments.find(
      ({ virtual, contents }) =>
        address >= virtual && address + BigInt(bytes) <= virtual + BigInt(contents.length),
    );
    if (segment === undefined) return false;
    const at = Number(address - segment.virtual);
    const low = (segment.contents[at] ?? 0) | ((segment.contents[at + 1] ?? 0) << 8);
    const high = (segment.contents[at + 2] ?? 0) | ((segment.contents[at + 3] ?? 0) << 8);
    return bits === (bytes === 2 ? low : ((high << 16) | low) >>> 0);
  }
}

const unreadable = ({ trap }: Slot) => (trap === undefined ? "(not in RAM)" : "(cannot be fetched)");

/** What came of an instruction: "a4 = 0x80", "sstatus = 0x100", "4 bytes at 0x80001000 = 0x7". */
function effectOf(slot: Slot): string | undefined {
  const { written, csr, access } = slot;
  const effects: string[] = [];
  if (written !== undefined) effects.push(`${registerName(written.register)} = ${wordOf(written.value)}`);
  if (csr?.changed) effects.push(`${csr.name} = ${wordOf(csr.value)}`);
  if (access?.stores) {
    const value = BigInt.asUintN(access.bytes * 8, dataOf(slot)?.value ?? 0n);
    // What an atomic stores is not in a register.
    const stored = written === undefined ? ` = ${wordOf(value)}` : "";
    effects.push(`${access.bytes} bytes at ${hex(access.address)}${stored}`);
  }
  return effects.length === 0 ? undefined : effects.join(", ");
}

/** The register that a store stores, with its value. */
export function dataOf({ decoded, reads }: Slot): Slot["reads"][number] | undefined {
  if (decoded === undefined) return undefined;
  const inFloat = reads.find(({ register }) => register.file === "f" && register.number === decoded.rs2);
  return inFloat ?? reads.find(({ register }) => register.file === "x" && register.number === decoded.rs2);
}

/** For example "trap to M: load page fault, tval 0x0". */
export function describeTrap({ trap, next }: Slot): string {
  if (trap === undefined) return "";
  const value = trap.interrupt ? "" : `, tval ${hex(trap.tval)}`;
  return `trap to ${trap.to} at ${hex(next)}: ${describeCause(trap.interrupt, trap.cause)}${value}`;
}
