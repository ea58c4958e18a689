/** Addresses with the names a reader knows them by. */
import type { ElfProgram } from "../../emulator/board/elf.ts";
import { SymbolTable } from "../../emulator/board/symbols.ts";

/** The symbols of programs that share an address space, without the labels an assembler makes for itself. */
export function symbolsOf(...programs: readonly ElfProgram[]): SymbolTable {
  return new SymbolTable(
    programs.flatMap(({ symbols }) => symbols.all.filter(({ name }) => !name.startsWith(".L"))),
  );
}

/** For example "memcpy+0x12"; undefined where no symbol reaches. */
export function symbolicAddress(symbols: SymbolTable, address: bigint): string | undefined {
  const place = symbols.symbolAt(address);
  if (place === undefined) return undefined;
  return place.offset === 0n ? place.symbol.name : `${place.symbol.name}+0x${place.offset.toString(16)}`;
}

/** The symbolic address if there is one, otherwise the number. */
export function nameAddress(symbols: SymbolTable, address: bigint): string {
  return symbolicAddress(symbols, address) ?? `0x${address.toString(16)}`;
}

/** An address as users write it: a symbol, a symbol plus a number, or a number (hexadecimal, with or without 0x). Undefined when it is none. */
export function parseAddress(symbols: SymbolTable, text: string): bigint | undefined {
  const [name = "", offset, ...rest] = text.split("+").map((part) => part.trim());
  if (rest.length > 0) return undefined;
  const base = symbols.named(name)?.address ?? parseHex(name);
  const added = offset === undefined ? 0n : parseHex(offset);
  return base === undefined || added === undefined ? undefined : BigInt.asUintN(64, base + added);
}

function parseHex(text: string): bigint | undefined {
  return /^(0x)?[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text.replace(/^0x/i, "")}`) : undefined;
}
