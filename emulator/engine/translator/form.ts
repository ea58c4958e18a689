/** What the words of an instruction have in common: what it does and where it goes, whatever its registers' numbers. */
import { float64 } from "../../float/format.ts";
import type { Node, RegisterOperand } from "../../language/expression.ts";
import { within } from "../../language/parts.ts";
import { calledFrom, searchFor, walkWithin } from "../../language/reach.ts";
import type { Block, Statement } from "../../language/statement.ts";
import type { AccessBytes } from "../guest-access.ts";
import { synchronises } from "../observes.ts";

export interface Form {
  /** Everything it does but for where it goes. */
  readonly body: Block;
  readonly ending: Ending;
  /** How many loads and stores it surely makes; undefined where that depends. */
  readonly accesses: number | undefined;
  /** Its only access, where nothing happens before. */
  readonly access: AccessForm | undefined;
  /** Whether it, or what it calls, reaches beyond the description, and looks at the hart's state beyond registers. */
  readonly reachesOutside: boolean;
  readonly looksAtState: boolean;
  readonly reads: Operands;
  readonly writes: Operands;
  /** Floating-point registers that are operands or results of arithmetic as a whole: in double precision. */
  readonly doubles: readonly RegisterOperand[];
}

/** Operands by the file in which they name a register, each once. */
export interface Operands {
  readonly x: readonly RegisterOperand[];
  readonly f: readonly RegisterOperand[];
}

/** Where it goes, and the operands to which the address of the next instruction is written. */
export type Ending =
  | { readonly kind: "next" | "end" }
  | { readonly kind: "branch"; readonly condition: Node }
  | { readonly kind: "jump"; readonly links: readonly RegisterOperand[] }
  | { readonly kind: "indirect"; readonly target: Node; readonly links: readonly RegisterOperand[] };

/** A load or store at a distance from the register that `base` names; undefined for an address of another form. */
export interface AccessForm {
  readonly writes: boolean;
  readonly bytes: AccessBytes;
  readonly base: RegisterOperand | undefined;
  readonly offset: number | "immediate";
}

/** Finds the form of a specialised description. */
export function formOf(semantics: Block): Form {
  const reads = { x: new Set<RegisterOperand>(), f: new Set<RegisterOperand>() };
  const writes = { x: new Set<RegisterOperand>(), f: new Set<RegisterOperand>() };
  const doubles = new Set<RegisterOperand>();
  const found = { jumps: 0, accesses: 0, calls: false, synchronises: false, state: false };
  walkWithin(semantics, {
    node: (n) => {
      if (n.kind === "x" || n.kind === "f") reads[n.kind].add(n.operand);
      else if (n.kind === "read") found.accesses++;
      else if (n.kind === "call") {
        found.calls = true;
        for (const argument of n.arguments) {
          const number = negatedDouble(argument) ?? argument;
          if (number.kind === "f") doubles.add(number.operand);
        }
      } else if (n.kind === "hart") found.state = true;
    },
    statement: (s) => {
      if (s.kind === "write-x") writes.x.add(s.operand);
      else if (s.kind === "write-f") {
        writes.f.add(s.operand);
        if (s.value.kind === "call") doubles.add(s.operand);
      } else if (s.kind === "write") found.accesses++;
      else if (s.kind === "jump-to" || s.kind === "jump-by-immediate") found.jumps++;
      else if (s.kind === "synchronise") found.synchronises = true;
    },
  });
  const outside = found.calls && reachesOutside(semantics);
  const ends = found.synchronises || (found.calls && synchronises(semantics)) || (found.jumps > 0 && outside);
  const ending: Ending = ends ? { kind: "end" } : endingOf(semantics, found.jumps);
  const goesOn = ending.kind === "next" || ending.kind === "end";
  const body = goesOn ? semantics : semantics.slice(0, -1);
  const surely = found.accesses === 0 || body.every((s) => within(s).every((b) => !accesses(b)));
  return {
    body,
    ending,
    accesses: surely ? found.accesses : undefined,
    access: surely && found.accesses === 1 && ending.kind === "next" ? accessOf(body) : undefined,
    reachesOutside: outside,
    looksAtState: found.state || (found.calls && looksAtState(semantics)),
    reads: { x: [...reads.x], f: [...reads.f] },
    writes: { x: [...writes.x], f: [...writes.f] },
    doubles: [...doubles],
  };
}

/** The register whose number in double precision is inverted by `n`. */
export function negatedDouble(n: Node): Extract<Node, { kind: "f" }> | undefined {
  if (n.kind !== "arithmetic" || n.op !== "xor" || n.a.kind !== "f") return undefined;
  const { a, b } = n;
  return b.kind === "constant" && BigInt.asUintN(64, b.value) === float64.sign ? a : undefined;
}

/** Takes the last statement as no more than where to go, if it says no more and the others do not. */
function endingOf(semantics: Block, jumps: number): Ending {
  const last = semantics.at(-1);
  if (last?.kind === "raise") return { kind: "end" };
  if (last === undefined || jumps === 0) return { kind: "next" };
  if (jumps > 1) return { kind: "end" };
  const links = semantics.flatMap((s) =>
    s.kind === "write-x" && s.value.kind === "next" ? [s.operand] : [],
  );
  if (last.kind === "jump-by-immediate") return { kind: "jump", links };
  if (last.kind === "jump-to") return { kind: "indirect", target: last.target, links };
  const plain = last.kind === "if" && last.otherwise.length === 0 && last.taken.length === 1;
  if (plain && last.taken[0]?.kind === "jump-by-immediate")
    return { kind: "branch", condition: last.condition };
  return { kind: "end" };
}

/** Whether guest memory is accessed in the block itself or below, not in procedures. */
function accesses(block: Block): boolean {
  let found = false;
  walkWithin(block, {
    node: (n) => {
      found ||= n.kind === "read";
    },
    statement: (s) => {
      found ||= s.kind === "write";
    },
  });
  return found;
}

const reachesOutside = searchFor({ node: (n) => n.kind === "call" && n.procedure.kind !== "inside" });
const looksAtState = searchFor({ node: (n) => n.kind === "hart" });

/** The access of a block that makes one, unless something else happens first. */
function accessOf(body: Block): AccessForm | undefined {
  for (const s of body) {
    if (calledFrom([s]).size > 0) return undefined;
    if (s.kind === "write") return { writes: true, bytes: s.bytes, ...addressOf(s.address) };
    const read = readIn(s);
    if (read !== undefined) return { writes: false, bytes: read.bytes, ...addressOf(read.address) };
    const harmless = s.kind === "set" || (s.kind === "if" && onlyRaises(s.taken) && s.otherwise.length === 0);
    if (!harmless) return undefined;
  }
  return undefined;
}

function readIn(s: Statement): Extract<Node, { kind: "read" }> | undefined {
  let found: Extract<Node, { kind: "read" }> | undefined;
  walkWithin([s], {
    node: (n) => {
      if (n.kind === "read") found = n;
    },
  });
  return found;
}

function addressOf(address: Node): Pick<AccessForm, "base" | "offset"> {
  if (address.kind === "x") return { base: address.operand, offset: 0 };
  if (address.kind === "arithmetic" && address.op === "add" && address.a.kind === "x") {
    const base = address.a.operand;
    if (address.b.kind === "immediate") return { base, offset: "immediate" };
    if (address.b.kind === "constant") return { base, offset: Number(address.b.value) };
  }
  return { base: undefined, offset: 0 };
}

const onlyRaises = (block: Block): boolean => block.length === 1 && block[0]?.kind === "raise";
