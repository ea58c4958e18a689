/** The most recent traps, the newest at the bottom. */

import type { TrapRecord } from "../../../emulator/board/machine.ts";
import type { SymbolTable } from "../../../emulator/board/symbols.ts";
import { nameAddress } from "../../code/address.ts";
import { describeCause } from "../../host/describe-trap.ts";
import { line, look, span } from "../line.ts";
import type { View, ViewLine } from "./view.ts";

export const trapView: View = ({ machine, symbols }, { height }) => {
  const records = machine.traps();
  if (records.length === 0) return { lines: [{ content: line("no trap yet", look.dim) }], start: 0 };
  const lines = records.map((record) => trapLine(record, symbols));
  return { lines, start: Math.max(0, lines.length - height) };
};

function trapLine(record: TrapRecord, symbols: SymbolTable): ViewLine {
  const { hart, instructions, interrupt, cause, pc, tval, from, to } = record;
  return {
    content: [
      span(`${instructions.toLocaleString("en-US").padStart(15)} `, look.dim),
      span(`h${hart} `, look.name),
      span(`${from}→${to} `, look.strong),
      span(describeCause(interrupt, cause).padEnd(29), interrupt ? look.good : look.plain),
      span(nameAddress(symbols, pc), look.name),
      span(tval === 0n ? "" : ` tval 0x${tval.toString(16)}`),
    ],
    address: pc,
  };
}
