/** The fixed rows of the screen: status above, keys below, titles in between; and boxes that lie over everything. */

import { symbolicAddress } from "../code/address.ts";
import { hex64 } from "../host/describe-trap.ts";
import { type Command, type CommandName, commands } from "./command.ts";
import type { ViewName } from "./layout.ts";
import { type Line, lineWidth, look, type Span, span } from "./line.ts";
import type { Rates } from "./meter.ts";
import type { Session } from "./session.ts";
import { describeSatp } from "./view/translation.ts";

const activityLooks = { running: look.good, paused: look.changed, ended: look.bad } as const;
const activityMarks = { running: "▶ running", paused: "■ paused", ended: "■ off" } as const;

const viewTitles: Readonly<Record<ViewName, string>> = {
  registers: "Registers",
  code: "Code",
  traps: "Traps",
  translation: "TLB",
  csrs: "CSRs",
  floats: "Floats",
};

/** Two lines on the machine and on the hart that is looked at. */
export function statusLines(session: Session, title: string, rates: Rates): Line[] {
  const { machine, hart, symbols, activity, note, status } = session;
  const detail = activity === "ended" ? `with status ${status}` : note;
  const symbol = symbolicAddress(symbols, hart.pc);
  const state = hart.waiting ? " asleep" : "";
  const position = machine.harts.length > 1 ? `${hart.index} of ${machine.harts.length}` : hart.index;
  return [
    [
      span(` ${activityMarks[activity]} `, activityLooks[activity]),
      span(detail === "" ? "" : `${detail} `, look.strong),
      span(`${machine.instructions.toLocaleString("en-US")} instr  `),
      span(`${rates.mips.toFixed(1)} MIPS  `),
      span(rates.tlbHits === undefined ? "TLB unused" : `TLB ${(100 * rates.tlbHits).toFixed(2)}%`),
      span(`  ${title}`, look.dim),
    ],
    [
      span(` hart ${position} ${hart.mode}${state} `, look.strong),
      span("pc ", look.name),
      span(hex64(hart.pc)),
      span(symbol === undefined ? "" : ` ${symbol}`, look.good),
      span(`  ${describeSatp(hart.csr("satp"))}`, look.name),
    ],
  ];
}

export interface Button<Target> {
  readonly target: Target;
  /** First column, and the one after the last. */
  readonly from: number;
  readonly to: number;
}

/** A line with places to click on. */
export interface Bar<Target> {
  readonly content: Line;
  readonly buttons: readonly Button<Target>[];
}

/** The bar of function keys; with `prefixed`, of the letters that may follow Ctrl-A. */
export function keyBar(running: boolean, prefixed: boolean, width: number): Bar<CommandName> {
  const content: Span[] = prefixed ? [span("Ctrl-A then ", look.changed)] : [];
  const buttons: Button<CommandName>[] = [];
  const labels = commands.map((entry) => [keyName(entry, prefixed), keyLabel(entry, running)] as const);
  const wanted = labels.reduce((sum, [key, label]) => sum + key.length + label.length + 1, 0);
  const gap = wanted <= width ? " " : "";
  commands.forEach(({ name }, index) => {
    const [key, label] = labels[index] ?? ["", ""];
    const from = lineWidth(content);
    content.push(span(key, look.key), span(label, look.keyLabel), span(gap));
    buttons.push({ target: name, from, to: lineWidth(content) });
  });
  return { content, buttons };
}

function keyName({ functionKey, letters }: Command, prefixed: boolean): string {
  return prefixed ? (letters[0] ?? "") : functionKey.toUpperCase();
}

function keyLabel({ name, label }: Command, running: boolean): string {
  return name === "run" && running ? "Pause" : label;
}

/** A pane's title: the views it can show, the shown one standing out. */
export function titleBar(
  shown: ViewName,
  tabs: readonly ViewName[],
  focused: boolean,
  note: string,
): Bar<ViewName> {
  const shownLook = focused ? look.focusedTitle : look.title;
  const content: Span[] = [];
  const buttons: Button<ViewName>[] = [];
  for (const view of tabs) {
    const from = lineWidth(content);
    content.push(span(` ${viewTitles[view]} `, view === shown ? shownLook : look.dim));
    buttons.push({ target: view, from, to: lineWidth(content) });
  }
  content.push(span(note === "" ? "" : ` ${note}`, look.dim));
  return { content, buttons };
}

/** Every key there is. */
export function helpLines(): Line[] {
  return [
    [span("While the guest runs, keys are the guest's: a function key, or Ctrl-A", look.strong)],
    [span("and a letter, commands the machine. While it is paused, a letter does.", look.strong)],
    [],
    ...commands.map(({ functionKey, letters, description }) => [
      span(functionKey.toUpperCase().padEnd(4), look.name),
      span(`Ctrl-A ${letters[0]}   `, look.name),
      span(description),
    ]),
    [span("Ctrl-A Ctrl-A  ", look.name), span("send Ctrl-A to the guest")],
    [span("Shift-PgUp/Dn  ", look.name), span("scroll the console back; so does the wheel")],
    [span("Tab, arrows    ", look.name), span("choose a pane and scroll it, while paused")],
    [span("Mouse          ", look.name), span("click a pane, a title, a key; left of code: breakpoint")],
    [],
    [span("Any key closes this.", look.dim)],
  ];
}
