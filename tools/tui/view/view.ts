/** What views are given and what they give. A view is a function: it draws nothing itself. */
import type { HartView, Machine } from "../../../emulator/board/machine.ts";
import type { SymbolTable } from "../../../emulator/board/symbols.ts";
import { type Line, type Look, look, type Span, span } from "../line.ts";
import type { HartSnapshot } from "../snapshot.ts";

export interface Scene {
  readonly machine: Machine;
  readonly hart: HartView;
  readonly symbols: SymbolTable;
  /** The hart's registers now, and as they were before it last moved; the same while it runs. */
  readonly now: HartSnapshot;
  readonly before: HartSnapshot;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface ViewLine {
  readonly content: Line;
  /** The address the line is about, for a click on it. */
  readonly address?: bigint;
}

/** All there is to show, which may be more than `size.height` lines, and the line to start with unless scrolled. */
export interface ViewContent {
  readonly lines: readonly ViewLine[];
  readonly start: number;
}

export type View = (scene: Scene, size: Size) => ViewContent;

/** Leading zeros of a 64-bit number step back, so that what differs stands out. */
export function hexSpans(value: bigint, valueLook: Look = look.plain): Span[] {
  const digits = value.toString(16);
  return [span("0".repeat(16 - digits.length), look.dim), span(digits, valueLook)];
}

/** Lays cells out in as many columns as fit, filled row by row. `cellWidth` includes the gap to the next column. */
export function inColumns(cells: readonly Line[], cellWidth: number, width: number): ViewLine[] {
  const columns = Math.max(1, Math.floor(width / cellWidth));
  const lines: ViewLine[] = [];
  for (let index = 0; index < cells.length; index += columns) {
    lines.push({ content: cells.slice(index, index + columns).flat() });
  }
  return lines;
}
