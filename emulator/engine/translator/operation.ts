/** What the translator knows of an instruction, from its entry alone. */
import type { Decoded, Decoder } from "../../isa/decode.ts";
import type { Instruction } from "../../isa/instruction.ts";
import type { Node, RegisterOperand, Setting } from "../../language/expression.ts";
import type { Block } from "../../language/statement.ts";
import type { Rewrite } from "../engine.ts";
import type { AccessBytes } from "../guest-access.ts";
import { fieldUse, withFields } from "./fields.ts";
import type { AccessForm, Ending, Form } from "./form.ts";
import { formOf } from "./form.ts";
import { specialise } from "./specialise.ts";

/** Where execution goes after an operation, as far as its description tells. */
export type Flow =
  /** To the next one in memory; or what executes next must be found out anew. */
  | { readonly kind: "next" | "end" }
  /** By the immediate if `condition` holds, else to the next one. */
  | { readonly kind: "branch"; readonly condition: Node }
  | { readonly kind: "jump"; readonly link: boolean }
  | { readonly kind: "indirect"; readonly target: Node; readonly link: boolean; readonly returns: boolean };

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
  /** Floating-point registers that hold numbers of double precision before or afterwards. */
  readonly doubles: readonly number[];
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
  readonly #common = new Map<Instruction, Map<number, Common>>();

  constructor(decode: Decoder, settings: Readonly<Record<Setting, bigint>>, rewrite: Rewrite | undefined) {
    this.#decode = decode;
    this.#settings = settings;
    this.#rewrite = rewrite;
  }

  /** The operation of the four bytes at an instruction's address; undefined for an illegal instruction. */
  of(fetched: number): Operation | undefined {
    const word = (fetched & 3) === 3 ? fetched : fetched & 0xffff;
    const known = this.#known.get(word);
    if (known !== undefined || this.#known.has(word)) return known;
    const decoded = this.#decode(word);
    const operation = decoded && this.#describe(decoded);
    if (this.#known.size > MOST_WORDS) this.#known.clear();
    this.#known.set(word, operation);
    return operation;
  }

  #describe(decoded: Decoded): Operation {
    const common = this.#commonTo(decoded);
    switch (common.fields) {
      case "none":
        return operationOf(common.form, decoded);
      case "data":
        return operationOf(withFields(common.form, decoded) ?? this.#formAlone(common, decoded), decoded);
      case "decisive":
        return operationOf(this.#formAlone(common, decoded), decoded);
    }
  }

  #formAlone({ semantics }: Common, decoded: Decoded): Form {
    return formOf(specialise(semantics, { settings: this.#settings, decoded }));
  }

  #commonTo(decoded: Decoded): Common {
    const { instruction } = decoded;
    let ofInstruction = this.#common.get(instruction);
    if (ofInstruction === undefined) {
      ofInstruction = new Map();
      this.#common.set(instruction, ofInstruction);
    }
    const pattern = patternOf(decoded);
    let common = ofInstruction.get(pattern);
    if (common === undefined) {
      const { name, standsFor = name } = instruction;
      const original = instruction.semantics();
      const described = this.#rewrite?.(standsFor, original) ?? original;
      common = commonTo(described, decoded, this.#settings);
      ofInstruction.set(pattern, common);
    }
    return common;
  }
}

/** Words remembered, at about a kilobyte each. Booting Linux takes some 7,000, a shell that runs many programs 20,000. */
const MOST_WORDS = 16384;

/**
 * What can be said of an instruction once for all words in which the same register operands are x0, and the same ones equal:
 * how it uses the fields that each word brings anew, its description, specialised if that can be done, and then its form.
 */
type Common =
  | { readonly fields: "none" | "data"; readonly semantics: Block; readonly form: Form }
  | { readonly fields: "decisive"; readonly semantics: Block };

/** Which register operands are 0, and which are equal: so far their numbers matter to specialisation. */
function patternOf({ rd, rs1, rs2, rs3 }: Decoded): number {
  const zeros = (rd === 0 ? 1 : 0) | (rs1 === 0 ? 2 : 0) | (rs2 === 0 ? 4 : 0) | (rs3 === 0 ? 8 : 0);
  const first = (rd === rs1 ? 16 : 0) | (rd === rs2 ? 32 : 0) | (rd === rs3 ? 64 : 0);
  return zeros | first | (rs1 === rs2 ? 128 : 0) | (rs1 === rs3 ? 256 : 0) | (rs2 === rs3 ? 512 : 0);
}

function commonTo(
  described: Block,
  { rd, rs1, rs2, rs3 }: Decoded,
  settings: Readonly<Record<Setting, bigint>>,
): Common {
  if (fieldUse(described) === "decisive") return { fields: "decisive", semantics: described };
  const semantics = specialise(described, { settings, decoded: { rd, rs1, rs2, rs3 } });
  return { fields: fieldUse(semantics), semantics, form: formOf(semantics) };
}

function operationOf(form: Form, decoded: Decoded): Operation {
  const { body, access, accesses, reachesOutside, looksAtState, reads, writes, doubles } = form;
  return {
    decoded,
    length: decoded.instruction.encoding.length,
    body,
    flow: flowOf(form.ending, decoded),
    accesses,
    access: access && accessOf(access, decoded),
    reachesOutside,
    looksAtState,
    reads: { x: integerRegisters(reads.x, decoded), f: registers(reads.f, decoded) },
    writes: { x: integerRegisters(writes.x, decoded), f: registers(writes.f, decoded) },
    doubles: registers(doubles, decoded),
  };
}

function flowOf(ending: Ending, decoded: Decoded): Flow {
  if (ending.kind !== "jump" && ending.kind !== "indirect") return ending;
  const link = ending.links.some((operand) => isLink(decoded[operand]));
  if (ending.kind === "jump") return { kind: "jump", link };
  return { kind: "indirect", target: ending.target, link, returns: !link && isLink(decoded.rs1) };
}

function accessOf({ writes, bytes, base, offset: given }: AccessForm, decoded: Decoded): Access {
  const offset = given === "immediate" ? decoded.immediate : given;
  const near = base !== undefined && Math.abs(offset) <= FARTHEST_ACCESS;
  return { writes, bytes, base: near ? decoded[base] : 0, offset: near ? offset : 0 };
}

const FARTHEST_ACCESS = 2048;

function registers(operands: readonly RegisterOperand[], decoded: Decoded): number[] {
  const numbers: number[] = [];
  for (const operand of operands) {
    const register = decoded[operand];
    if (!numbers.includes(register)) numbers.push(register);
  }
  return numbers;
}

const integerRegisters = (operands: readonly RegisterOperand[], decoded: Decoded): number[] =>
  registers(operands, decoded).filter((register) => register !== 0);
