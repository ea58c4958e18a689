/** The code around pc. */
import type { HartView, Machine } from "../../../emulator/board/machine.ts";
import type { SymbolTable } from "../../../emulator/board/symbols.ts";
import { type CodeWord, readCode } from "../../code/fetch.ts";
import { bitsText, decode, instructionText } from "../../code/text.ts";
import { line, look, span } from "../line.ts";
import type { Scene, View, ViewLine } from "./view.ts";

/** How far from pc a function may begin to be decoded from its beginning. */
const longestPrologue = 4096n;
/** Instructions shown before pc, at most. */
const mostBefore = 64;
const longestInstruction = 4;
const addressDigits = 16;

export const disassemblyView: View = (scene, { height }) => {
  const { machine, hart, symbols, now } = scene;
  const shownBefore = Math.floor(height / 3);
  const before = instructionsBefore(machine, hart, symbols, now.pc);
  const lines: ViewLine[] = [];
  for (const address of before) lines.push(...codeLines(scene, address, readCode(machine, hart, address)));
  const here = lines.length;
  let address = now.pc;
  for (let count = 0; count < height + mostBefore; count++) {
    const code = readCode(machine, hart, address);
    lines.push(...codeLines(scene, address, code));
    if (code === undefined) break;
    address = BigInt.asUintN(64, address + BigInt(code.bytes));
  }
  return { lines, start: Math.max(0, here - shownBefore) };
};

/**
 * Addresses of instructions before `pc`. Their lengths differ, so they can only be found forwards: from the function's
 * beginning where that is known, otherwise from wherever a chain of instructions leads to `pc`.
 */
function instructionsBefore(machine: Machine, hart: HartView, symbols: SymbolTable, pc: bigint): bigint[] {
  const place = symbols.symbolAt(pc);
  if (place !== undefined && place.offset <= longestPrologue) {
    return (chain(machine, hart, place.symbol.address, pc) ?? []).slice(-mostBefore);
  }
  for (let bytes = mostBefore; bytes >= 2; bytes -= 2) {
    const found = chain(machine, hart, pc - BigInt(bytes), pc);
    if (found !== undefined) return found;
  }
  return [];
}

/** Addresses of the instructions from `start` on that end exactly at `end`; undefined when none end there. */
function chain(machine: Machine, hart: HartView, start: bigint, end: bigint): bigint[] | undefined {
  const addresses: bigint[] = [];
  let address = start;
  while (address < end) {
    const code = readCode(machine, hart, address);
    if (code === undefined || decode(code.bits) === undefined) return undefined;
    addresses.push(address);
    address += BigInt(code.bytes);
  }
  return address === end ? addresses : undefined;
}

/** The instruction's line, under its function's name where one begins. */
function codeLines(
  { machine, symbols, now }: Scene,
  address: bigint,
  code: CodeWord | undefined,
): ViewLine[] {
  const place = symbols.symbolAt(address);
  const heading: ViewLine[] =
    place?.offset === 0n ? [{ content: line(`${place.symbol.name}:`, look.strong), address }] : [];
  const mark = machine.breakpoints.has(address) ? span("●", look.mark) : span(" ");
  const here = address === now.pc;
  const shownAddress = address.toString(16).padStart(addressDigits, " ");
  if (code === undefined) {
    return [...heading, { content: [mark, span(`${shownAddress}  not mapped`, look.bad)], address }];
  }
  const content = [
    mark,
    span(here ? "▶" : " ", look.good),
    span(`${shownAddress}  `, here ? look.here : look.name),
    span(bitsText(code).padEnd(2 * longestInstruction + 2), look.dim),
    span(instructionText(code, address, symbols), here ? look.here : look.plain),
  ];
  return [...heading, { content, address }];
}
