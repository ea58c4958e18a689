/** Translated code beside what it was made of: the guest's instruction, what it does where it stands, WebAssembly. */
import * as lookaside from "../../emulator/engine/interpreter/lookaside.ts";
import type { Mark } from "../../emulator/engine/translator/emit.ts";
import type { Operation } from "../../emulator/engine/translator/operation.ts";
import { F_OFFSET, state, X_OFFSET } from "../../emulator/hart/layout.ts";
import { disassemble, floatRegisterNames, integerRegisterNames } from "../../emulator/isa/disassemble.ts";
import type { Block } from "../../emulator/language/statement.ts";
import type { TextLine } from "../../emulator/wasm/text.ts";
import { textOf } from "../../emulator/wasm/text.ts";
import { describeNode, describeSemantics } from "./semantics.ts";
import type { StaticTranslation } from "./translation.ts";

/** Characters of the column that the guest's code stands in, and of that for WebAssembly. */
const GUEST_WIDTH = 48;
const WASM_WIDTH = 96;
const RULE = " │ ";

/** Addresses are written as distances from the region's first instruction, in hexadecimal. */
export function listTranslation(translation: StaticTranslation): string[] {
  const { region, code, marks, callees } = translation;
  const operations = new Map(
    region.blocks.flatMap((block) => block.operations.map(({ delta, operation }) => [delta, operation])),
  );
  const instructions = [...operations.values()];
  const bytes = instructions.reduce((sum, { length }) => sum + length, 0);
  const names = {
    local: (index: number) => localName(code.nameOf(index), index),
    global: () => "raised",
    function: (index: number) => callees[index] ?? { name: `f${index}`, parameters: 0, results: 0 },
    field: fieldName,
  };
  const groups = groupLines(textOf(code.instructions, names, WASM_WIDTH), marks);
  return [
    `${instructions.length} instructions (${bytes} bytes) in ${region.blocks.length} block${region.blocks.length === 1 ? "" : "s"}: ${code.length} bytes of WebAssembly`,
    ...groups.flatMap(({ mark, lines }) => sideBySide(guestLines(mark, operations, translation), lines)),
  ];
}

interface Group {
  readonly mark: Mark;
  readonly lines: readonly TextLine[];
}

/** What follows each mark. A block that opens just before a mark belongs to what comes after. */
function groupLines(lines: readonly TextLine[], marks: readonly Mark[]): Group[] {
  const groups: Group[] = [];
  let next = 0;
  marks.forEach((mark, i) => {
    const until = marks[i + 1]?.at ?? Number.POSITIVE_INFINITY;
    let end = next;
    while ((lines[end]?.at ?? Number.POSITIVE_INFINITY) < until) end++;
    while (end > next && /^(block|loop) /.test(lines[end - 1]?.text ?? "") && end < lines.length) end--;
    groups.push({ mark, lines: lines.slice(next, end) });
    next = end;
  });
  return groups;
}

function guestLines(
  { part, delta, body }: Mark,
  operations: ReadonlyMap<number, Operation>,
  { analysis }: StaticTranslation,
): string[] {
  const operation = operations.get(delta);
  switch (part) {
    case "entry":
      return ["enter"];
    case "exits":
      return ["leave"];
    case "block": {
      const node = analysis.nodes.get(delta) ?? 0;
      const loop = analysis.shape.loopHeads.has(node) ? ", a loop's head" : "";
      const slots = analysis.checks.has(node) ? `, needs ${analysis.slots[node]} slots` : "";
      return [`block ${distance(delta)}${loop}${slots}`];
    }
    case "otherwise":
      return ["  else"];
    case "operation":
      return operation === undefined ? [] : operationLines(operation, delta, body);
  }
}

function operationLines(operation: Operation, delta: number, body: Block): string[] {
  const { decoded } = operation;
  const text = disassemble(decoded, 0n, (target) => distance(delta + Number(BigInt.asIntN(64, target))));
  const [mnemonic = "", operands = ""] = splitOnce(text);
  const target = operands.replace(/[0-9a-f]+ <([+-][0-9a-f]+)>$/, "$1");
  const does = [...describeSemantics(body, decoded), ...describeFlow(operation, delta)];
  return [
    `${distance(delta).padStart(6)}: ${mnemonic.padEnd(8)} ${target}`.trimEnd(),
    ...does.map((l) => `    ${l}`),
  ];
}

function splitOnce(text: string): [string, string] {
  const space = text.indexOf(" ");
  return space < 0 ? [text, ""] : [text.slice(0, space), text.slice(space + 1)];
}

function describeFlow({ flow, decoded }: Operation, delta: number): string[] {
  const there = distance(delta + decoded.immediate);
  switch (flow.kind) {
    case "next":
      return [];
    case "branch":
      return [`if ${describeNode(flow.condition, decoded)} goto ${there}`];
    case "jump":
      return [`${flow.link ? "call" : "goto"} ${there}`];
    case "indirect": {
      const verb = flow.returns ? "return to" : flow.link ? "call" : "goto";
      return [`${verb} ${describeNode(flow.target, decoded)}`];
    }
    case "end":
      return ["look at everything again"];
  }
}

function sideBySide(guest: readonly string[], lines: readonly TextLine[]): string[] {
  const rows: string[] = [];
  const wasm = lines.map(({ depth, text }) => "  ".repeat(depth) + text);
  let next = 0;
  for (const text of guest) {
    // What is too long for its column has a row to itself.
    if (text.length > GUEST_WIDTH) rows.push(text);
    else rows.push(`${text.padEnd(GUEST_WIDTH)}${RULE}${wasm[next++] ?? ""}`.trimEnd());
  }
  for (; next < wasm.length; next++) rows.push(`${"".padEnd(GUEST_WIDTH)}${RULE}${wasm[next]}`);
  return rows;
}

const distance = (delta: number): string => `${delta < 0 ? "-" : "+"}${Math.abs(delta).toString(16)}`;

const PARAMETERS = ["hart", "counter", "pc", "depth"];

/** Registers are called as in assembly. */
function localName(name: string | undefined, index: number): string {
  if (name === undefined) return PARAMETERS[index] ?? `v${index}`;
  return name
    .replace(/^x(\d+)$/, (_, n) => integerRegisterNames[n] ?? name)
    .replace(/^f(\d+)$/, (_, n) => floatRegisterNames[n] ?? name);
}

/** What lies in the hart's state, by its offset. */
const fields = new Map<number, string>([
  ...[...Object.entries(state), ...Object.entries(lookaside)].flatMap(([name, value]) =>
    hasOffset(value) ? [[value.offset, name] as const] : [],
  ),
  ...Array.from({ length: lookaside.MOST_PAGE_SLOTS }, (_, n) =>
    Object.entries(lookaside.pageSlot(n)).map(([part, at]) => [at, `slot${n}.${part}`] as const),
  ).flat(),
  ...integerRegisterNames.map((name, n) => [X_OFFSET + 8 * n, name] as const),
  ...floatRegisterNames.map((name, n) => [F_OFFSET + 8 * n, name] as const),
]);

function hasOffset(value: unknown): value is { readonly offset: number } {
  return typeof value === "object" && value !== null && "offset" in value;
}

const TABLES = new Map([
  [lookaside.READ_TABLE, "readTable"],
  [lookaside.WRITE_TABLE, "writeTable"],
  [lookaside.READ_TABLE + lookaside.ENTRY_TARGET, "readTable.target"],
  [lookaside.WRITE_TABLE + lookaside.ENTRY_TARGET, "writeTable.target"],
]);

/** Fields of the hart's state, also below an entry of a table in it. */
function fieldName(address: string, offset: number): string | undefined {
  return address === "$hart" ? fields.get(offset) : TABLES.get(offset);
}
