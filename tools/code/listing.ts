/** The code of a program's segment, line by line. */
import type { ElfSegment } from "../../emulator/board/elf.ts";
import type { SymbolTable } from "../../emulator/board/symbols.ts";
import { hex64 } from "../host/describe-trap.ts";
import type { CodeWord } from "./fetch.ts";
import { bitsText, instructionText } from "./text.ts";

/** So many zeros in a row are padding, not code, and left out. */
const paddingBytes = 8;

/** Lines for the addresses from `from` up to but not including `to`, with a heading where a symbol begins. */
export function* disassembleRange(
  segment: ElfSegment,
  from: bigint,
  to: bigint,
  symbols: SymbolTable,
): Generator<string> {
  const { contents, virtual } = segment;
  const view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength);
  const end = Math.min(contents.length, Number(clamp(to - virtual, 1n << 52n)));
  let offset = Number(clamp(from - virtual, BigInt(contents.length)));
  while (offset + 1 < end) {
    const address = virtual + BigInt(offset);
    const place = symbols.symbolAt(address);
    if (place?.offset === 0n) yield `\n${hex64(address)} <${place.symbol.name}>:`;
    const zeros = countZeros(contents, offset, end);
    if (zeros >= paddingBytes) {
      yield "        ...";
      offset = nextSymbol(symbols, virtual, offset, offset + (zeros & ~1));
      continue;
    }
    const code = codeAt(view, offset, end);
    yield `${address.toString(16).padStart(16)}:  ${bitsText(code).padEnd(10)} ${instructionText(code, address, symbols)}`;
    offset += code.bytes;
  }
}

function clamp(value: bigint, most: bigint): bigint {
  if (value < 0n) return 0n;
  return value > most ? most : value;
}

function codeAt(view: DataView, offset: number, end: number): CodeWord {
  const low = view.getUint16(offset, true);
  const long = (low & 3) === 3 && offset + 4 <= end;
  return long ? { bits: view.getUint32(offset, true), bytes: 4 } : { bits: low, bytes: 2 };
}

function countZeros(contents: Uint8Array, offset: number, end: number): number {
  let zeros = 0;
  while (offset + zeros < end && contents[offset + zeros] === 0) zeros++;
  return zeros;
}

/** Where to go on after zeros: at their end, or earlier where a symbol begins among them. */
function nextSymbol(symbols: SymbolTable, virtual: bigint, offset: number, end: number): number {
  for (let next = offset + 2; next < end; next += 2) {
    if (symbols.symbolAt(virtual + BigInt(next))?.offset === 0n) return next;
  }
  return end;
}
