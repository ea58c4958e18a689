/** The one description of an instruction, from which decoder, disassembler and engines derive. */
import type { RegisterOperand } from "../language/expression.ts";
import type { Block } from "../language/statement.ts";
import { block } from "../language/statement.ts";
import type { InstructionClass } from "./class.ts";
import { innocuous } from "./class.ts";
import type { Encoding } from "./encoding.ts";
import { parseEncoding } from "./encoding.ts";

export interface Instruction {
  readonly name: string;
  /** Lower-case extension name as in `riscv,isa`: "i", "m", "zba"… */
  readonly extension: string;
  /** Other extensions that bring it too. */
  readonly sharedWith: readonly string[];
  /** An extension without which its own does not bring it. */
  readonly needs: string | undefined;
  readonly pattern: string;
  readonly encoding: Encoding;
  /** Operands as an assembler writes them, for example "rd, imm(rs1)". */
  readonly assembly: string;
  readonly class: InstructionClass | "by CSR";
  /** Operands that the encoding does not hold, such as sp in c.lwsp. */
  readonly fixed: Partial<Record<Operand, number>>;
  /** Reserved or otherwise used values of a field: the entry does not match them. */
  readonly except: readonly Exception[];
  /** The name of the instruction a compressed one stands for. */
  readonly standsFor: string | undefined;
  readonly semantics: () => Block;
}

type Operand = RegisterOperand | "imm";

export interface Exception {
  readonly operand: Operand;
  readonly value: number;
}

interface Details {
  readonly class?: InstructionClass | "by CSR";
  readonly fixed?: Partial<Record<Operand, number>>;
  /** For example "rd!=0 imm!=0". */
  readonly except?: string;
  readonly standsFor?: string;
  readonly needs?: string;
}

/** Describes an instruction; the semantics are recorded when an engine first asks for them. */
export function instruction(
  extension: string,
  name: string,
  pattern: string,
  assembly: string,
  semantics: () => void,
  details: Details = {},
): Instruction {
  let recorded: Block | undefined;
  return {
    name,
    extension,
    sharedWith: [],
    needs: details.needs,
    pattern,
    encoding: parseEncoding(pattern),
    assembly,
    class: details.class ?? innocuous,
    fixed: details.fixed ?? {},
    except: parseExceptions(details.except),
    standsFor: details.standsFor,
    semantics: () => {
      recorded ??= block(semantics);
      return recorded;
    },
  };
}

/** Instructions of one extension that another brings too. */
export function sharedWith(extension: string, entries: readonly Instruction[]): Instruction[] {
  return entries.map((entry) => ({ ...entry, sharedWith: [...entry.sharedWith, extension] }));
}

/** Describes a compressed instruction by the name of the one it stands for. */
type Compressed = (
  name: string,
  pattern: string,
  assembly: string,
  base: string,
  details?: Omit<Details, "class" | "standsFor">,
) => Instruction;

/** How an extension describes its compressed instructions, which stand for some of `bases`. */
export function compressing(extension: string, bases: readonly Instruction[]): Compressed {
  const named = new Map(bases.map((entry) => [entry.name, entry]));
  return (name, pattern, assembly, base, details = {}) => {
    const entry = named.get(base);
    if (entry === undefined) throw new Error(`"${name}" stands for "${base}", which is not described`);
    return {
      ...instruction(extension, name, pattern, assembly, () => {}, {
        ...details,
        class: entry.class,
        standsFor: base,
      }),
      semantics: entry.semantics,
    };
  };
}

function parseExceptions(text = ""): Exception[] {
  return text
    .split(" ")
    .filter((t) => t !== "")
    .map((t) => {
      const [operand, value] = t.split("!=");
      return { operand: operand as Operand, value: Number(value) };
    });
}
