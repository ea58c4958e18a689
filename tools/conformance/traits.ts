/** What an instruction reads and writes, found in its description. */
import type { Decoded } from "../../emulator/isa/decode.ts";
import { floatRegisterNames, integerRegisterNames } from "../../emulator/isa/disassemble.ts";
import type { Instruction } from "../../emulator/isa/instruction.ts";
import type { RegisterOperand } from "../../emulator/language/expression.ts";
import { walkBlock } from "../../emulator/language/reach.ts";

export interface Register {
  readonly file: "x" | "f";
  readonly number: number;
}

interface Traits {
  readonly reads: readonly { readonly file: "x" | "f"; readonly operand: RegisterOperand }[];
  readonly writes: "x" | "f" | undefined;
  /** Bytes of memory it loads or stores. */
  readonly loads: number;
  readonly stores: number;
}

const known = new Map<Instruction, Traits>();

function traitsOf(instruction: Instruction): Traits {
  const remembered = known.get(instruction);
  if (remembered !== undefined) return remembered;
  const reads = new Map<string, Traits["reads"][number]>();
  let writes: Traits["writes"];
  let loads = 0;
  let stores = 0;
  walkBlock(instruction.semantics(), {
    statement: (s) => {
      if (s.kind === "write-x") writes = "x";
      if (s.kind === "write-f") writes = "f";
      if (s.kind === "write") stores = s.bytes;
    },
    node: (n) => {
      if (n.kind === "x" || n.kind === "f")
        reads.set(n.kind + n.operand, { file: n.kind, operand: n.operand });
      if (n.kind === "read") loads = n.bytes;
    },
  });
  // Atomics reach memory through procedures, which get the width as an argument.
  const atomic = /^(lr|sc|amo\w+)\.(w|d)$/.exec(instruction.name);
  if (atomic !== null) {
    const bytes = atomic[2] === "w" ? 4 : 8;
    loads = atomic[1] === "sc" ? 0 : bytes;
    stores = atomic[1] === "lr" ? 0 : bytes;
  }
  const traits = { reads: [...reads.values()], writes, loads, stores };
  known.set(instruction, traits);
  return traits;
}

/** Registers that an instruction reads, without x0. */
export function registersRead(decoded: Decoded): Register[] {
  return traitsOf(decoded.instruction)
    .reads.map(({ file, operand }) => ({ file, number: decoded[operand] }))
    .filter(({ file, number }) => file === "f" || number !== 0);
}

/** The register that an instruction writes, if any but x0. */
export function registerWritten(decoded: Decoded): Register | undefined {
  const { writes } = traitsOf(decoded.instruction);
  return writes === undefined || (writes === "x" && decoded.rd === 0)
    ? undefined
    : { file: writes, number: decoded.rd };
}

/** Bytes of memory that an instruction loads and stores, 0 where it does not. */
export function memoryAccess({ instruction }: Decoded): { readonly loads: number; readonly stores: number } {
  return traitsOf(instruction);
}

export function registerName({ file, number }: Register): string {
  return (file === "x" ? integerRegisterNames : floatRegisterNames)[number] ?? "";
}
