/** What the translator knows of an instruction, from its entry alone. */
import type { Decoded, Decoder } from "../../isa/decode.ts";
import type { Node, Setting } from "../../language/expression.ts";
import { within } from "../../language/parts.ts";
import { calledFrom, searchFor, walkWithin } from "../../language/reach.ts";
import type { Block, Statement } from "../../language/statement.ts";
import type { Rewrite } from "../engine.ts";
import type { AccessBytes } from "../guest-access.ts";
import { specialise } from "./specialise.ts";

/** Where execution goes after an operation, as far as its description tells. */
export type Flow =
  /** To the next one in memory. */
  | { readonly kind: "next" }
  /** By the immediate if `condition` holds, else to the next one. */
  | { readonly kind: "branch"; readonly condition: Node }
  | { readonly kind: "jump"; readonly link: boolean }
  | { readonly kind: "indirect"; readonly target: Node; readonly link: boolean; readonly returns: boolean }
  /** What executes next must be found out anew. */
  | { readonly kind: "end" };

export interface Operation {
  readonly decoded: Decoded;
  readonly length: number;
  /** Everything it does but for where it goes, which is in `flow`. */
  readonly body: Block;
  readonly flow: Flow;
  /** How many loads and stores it surely makes; undefined where that depends. */
  readonly accesses: number | undefined;
  /** Its only access, where nothing happens before, so that the operation can be begun again. */
  readonly access: Access | undefined;
  /** Whether afterwards another thing than the next instruction may be due. */
  readonly reachesOutside: boolean;
  /** Whether what came before may tell more of it: it looks at the hart's state beyond registers. */
  readonly looksAtState: boolean;
  readonly reads: { readonly x: readonly number[]; readonly f: readonly number[] };
  readonly writes: { readonly x: readonly number[]; readonly f: readonly number[] };
}

/** A load or store at a constant distance from a register. */
export interface Access {
  readonly writes: boolean;
  /** The integer register; 0 for an address that is not of this form. */
  readonly base: number;
  readonly offset: number;
  readonly bytes: AccessBytes;
}

/** Registers that hold return addresses by convention (unprivileged 2.5.1). */
const isLink = (register: number): boolean => register === 1 || register === 5;

/** Takes instruction words apart, each once. */
export class Operations {
  readonly #decode: Decoder;
  readonly #settings: Readonly<Record<Setting, bigint>>;
  readonly #rewrite: Rewrite | undefined;
  readonly #known = new Map<number, Operation | undefined>();

  constructor(decode: Decoder, settings: Readonly<Record<Setting, bigint>>, rewrite: Rewrite | undefined) {
    this.#decode = decode;
    this.#settings = settings;
    this.#rewrite = rewrite;
  }

  /** The operation of the four bytes at an instruction's address; undefined for an illegal instruction. */
  of(fetched: number): Operation | undefined {
    const word = (fetched & 3) === 3 ? fetched : fetched & 0xffff;
    if (this.#known.has(word)) return this.#known.get(word);
    const decoded = this.#decode(word);
    const operation = decoded && this.#describe(decoded);
    if (this.#known.size > MOST_WORDS) this.#known.clear();
    this.#known.set(word, operation);
    return operation;
  }

  #describe(decoded: Decoded): Operation {
    const { instruction } = decoded;
    const { name, standsFor = name } = instruction;
    const described = instruction.semantics();
    const rewritten = this.#rewrite?.(standsFor, described) ?? described;
    return describe(decoded, specialise(rewritten, { settings: this.#settings, decoded }));
  }
}

/** Words remembered; real programs have some ten thousand different ones. */
const MOST_WORDS = 65536;

function describe(decoded: Decoded, semantics: Block): Operation {
  const { body, flow } = split(decoded, semantics, reachesOutside(semantics));
  const reads = { x: new Set<number>(), f: new Set<number>() };
  const writes = { x: new Set<number>(), f: new Set<number>() };
  walkWithin(semantics, {
    node: (n) => {
      if (n.kind === "x" || n.kind === "f") reads[n.kind].add(decoded[n.operand]);
    },
    statement: (s) => {
      if (s.kind === "write-x") writes.x.add(decoded[s.operand]);
      if (s.kind === "write-f") writes.f.add(decoded[s.operand]);
    },
  });
  for (const set of [reads.x, writes.x]) set.delete(0);
  const accesses = body.every((s) => within(s).every((b) => accessesOf(b) === 0))
    ? accessesOf(body)
    : undefined;
  return {
    decoded,
    length: decoded.instruction.encoding.length,
    body,
    flow,
    accesses,
    access: accesses === 1 && flow.kind === "next" ? accessOf(body, decoded) : undefined,
    reachesOutside: reachesOutside(semantics),
    looksAtState: looksAtState(body),
    reads: { x: [...reads.x], f: [...reads.f] },
    writes: { x: [...writes.x], f: [...writes.f] },
  };
}

/** Takes the last statement apart from the rest where it says no more than where to go. */
function split(decoded: Decoded, semantics: Block, outside: boolean): { body: Block; flow: Flow } {
  const last = semantics.at(-1);
  const body = semantics.slice(0, -1);
  const end = { body: semantics, flow: { kind: "end" } } as const;
  if (synchronises(semantics) || last?.kind === "raise") return end;
  if (last === undefined || !jumps(semantics)) return { body: semantics, flow: { kind: "next" } };
  if (jumps(body) || outside) return end;
  const link = body.some(
    (s) => s.kind === "write-x" && s.value.kind === "next" && isLink(decoded[s.operand]),
  );
  if (last.kind === "jump-by-immediate") return { body, flow: { kind: "jump", link } };
  if (last.kind === "jump-to") {
    const returns = !link && isLink(decoded.rs1);
    return { body, flow: { kind: "indirect", target: last.target, link, returns } };
  }
  const plain = last.kind === "if" && last.otherwise.length === 0 && last.taken.length === 1;
  if (plain && last.taken[0]?.kind === "jump-by-immediate")
    return { body, flow: { kind: "branch", condition: last.condition } };
  return end;
}

/** Accesses that are written in the block itself or below, not in procedures. */
function accessesOf(block: Block): number {
  let count = 0;
  walkWithin(block, {
    node: (n) => {
      if (n.kind === "read") count++;
    },
    statement: (s) => {
      if (s.kind === "write") count++;
    },
  });
  return count;
}

const jumps = searchFor({ statement: (s) => s.kind === "jump-to" || s.kind === "jump-by-immediate" });
const synchronises = searchFor({ statement: (s) => s.kind === "synchronise" });
const reachesOutside = searchFor({ node: (n) => n.kind === "call" && n.procedure.kind !== "inside" });
const looksAtState = searchFor({ node: (n) => n.kind === "hart" });

/** The access of a block that makes one, unless something else happens first. */
function accessOf(body: Block, decoded: Decoded): Access | undefined {
  for (const s of body) {
    if (calledFrom([s]).size > 0) return undefined;
    if (s.kind === "write") return { writes: true, bytes: s.bytes, ...addressOf(s.address, decoded) };
    const read = readIn(s);
    if (read !== undefined) return { writes: false, bytes: read.bytes, ...addressOf(read.address, decoded) };
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

function addressOf(address: Node, decoded: Decoded): Pick<Access, "base" | "offset"> {
  const constant = (n: Node) =>
    n.kind === "immediate" ? decoded.immediate : n.kind === "constant" ? Number(n.value) : undefined;
  if (address.kind === "x") return { base: decoded[address.operand], offset: 0 };
  if (address.kind === "arithmetic" && address.op === "add" && address.a.kind === "x") {
    const offset = constant(address.b);
    if (offset !== undefined && Math.abs(offset) <= 2048) return { base: decoded[address.a.operand], offset };
  }
  return { base: 0, offset: 0 };
}

const onlyRaises = (block: Block): boolean => block.length === 1 && block[0]?.kind === "raise";
