/** The one description of an instruction, from which decoder, disassembler and engines derive. */
import type { RegisterOperand } from "../language/expression.ts";
import type { Block } from "../language/statement.ts";
import { block } from "../language/statement.ts";
import type { Encoding } from "./encoding.ts";
import { parseEncoding } from "./encoding.ts";

/** In Popek and Goldberg's sense. */
export type InstructionClass = "innocuous" | "privileged" | "control-sensitive" | "behaviour-sensitive";

export interface Instruction {
  readonly name: string;
  /** Lower-case extension name as in `riscv,isa`: "i", "m", "zba"… */
  readonly extension: string;
  readonly pattern: string;
  readonly encoding: Encoding;
  /** Operands as an assembler writes them, for example "rd, imm(rs1)". */
  readonly assembly: string;
  readonly class: InstructionClass;
  /** Register operands that the encoding does not hold, such as sp in c.lwsp. */
  readonly fixed: Partial<Record<RegisterOperand, number>>;
  /** Reserved or otherwise used values of a field: the entry does not match them. */
  readonly except: readonly Exception[];
  /** The name of the instruction a compressed one stands for. */
  readonly standsFor: string | undefined;
  readonly semantics: () => Block;
}

export interface Exception {
  readonly operand: RegisterOperand | "imm";
  readonly value: number;
}

interface Details {
  readonly class?: InstructionClass;
  readonly fixed?: Partial<Record<RegisterOperand, number>>;
  /** For example "rd!=0 imm!=0". */
  readonly except?: string;
  readonly standsFor?: string;
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
    pattern,
    encoding: parseEncoding(pattern),
    assembly,
    class: details.class ?? "innocuous",
    fixed: details.fixed ?? {},
    except: parseExceptions(details.except),
    standsFor: details.standsFor,
    semantics: () => {
      recorded ??= block(semantics);
      return recorded;
    },
  };
}

/** Describes a compressed instruction by the one it stands for. */
export function compressed(
  extension: string,
  name: string,
  pattern: string,
  assembly: string,
  base: Instruction,
  details: Omit<Details, "class" | "standsFor"> = {},
): Instruction {
  return {
    ...instruction(extension, name, pattern, assembly, () => {}, {
      ...details,
      class: base.class,
      standsFor: base.name,
    }),
    semantics: base.semantics,
  };
}

function parseExceptions(text = ""): Exception[] {
  return text
    .split(" ")
    .filter((t) => t !== "")
    .map((t) => {
      const [operand, value] = t.split("!=");
      return { operand: operand as Exception["operand"], value: Number(value) };
    });
}
