/** What is executed: every instruction of the table, and for those that access CSRs, every CSR, read and written. */
import type { InstructionClass } from "../../emulator/isa/class.ts";
import { csrClass, csrs } from "../../emulator/isa/csr.ts";
import { createDecoder } from "../../emulator/isa/decode.ts";
import { encode } from "../../emulator/isa/encode.ts";
import type { Encoding } from "../../emulator/isa/encoding.ts";
import type { Instruction } from "../../emulator/isa/instruction.ts";
import { instructions } from "../../emulator/isa/table.ts";
import type { Context } from "./contexts.ts";
import { contexts } from "./contexts.ts";
import type { Resources } from "./resources.ts";
import { resources, variationsOf } from "./resources.ts";

export interface Operation {
  /** As an assembler writes it: "add", "csrr sstatus". */
  readonly name: string;
  /** Instructions that do it, with operands of several kinds. */
  readonly words: readonly number[];
  readonly stated: InstructionClass;
  readonly contexts: readonly Context[];
  readonly resources: readonly Resources[];
}

const A0 = 10;
const A1 = 11;
/** zimm and the number of a register share a field. */
const SOURCE = 15;

const decode = createDecoder(instructions);

/** Which registers, and which bits of the immediate. Narrow fields take what fits. */
const OPERANDS = [
  { registers: [10, 11, 12, 13], bits: 0x1008 },
  { registers: [8, 9, 9, 8], bits: 0x2010 },
  { registers: [0, 0, 0, 0], bits: 0 },
  { registers: [12, 11, 0, 1], bits: 4 },
] as const;
const NAMES = ["rd", "rs1", "rs2", "rs3"] as const;

/** A word of an encoding. Other fields (rm, aq, succ…) are zero or all ones. */
function wordOf(encoding: Encoding, { registers, bits }: (typeof OPERANDS)[number], ones: boolean): number {
  let word = encoding.match;
  for (const { operands, low, width } of encoding.registers) {
    const [name = "rd"] = operands;
    word |= ((registers[NAMES.indexOf(name)] ?? 0) & ((1 << width) - 1)) << low;
  }
  for (const { low, to, width } of encoding.slices) word |= ((bits >> to) & ((1 << width) - 1)) << low;
  if (ones) for (const { low, width } of encoding.fields) word |= ((1 << width) - 1) << low;
  return word >>> 0;
}

/** Words of an instruction that the decoder takes for it: what is reserved or another's is left out. */
function wordsOf(instruction: Instruction): number[] {
  const { encoding } = instruction;
  const words = OPERANDS.map((operands) => wordOf(encoding, operands, false));
  const distinct = new Set([...words, wordOf(encoding, OPERANDS[0], true)]);
  return [...distinct].filter((word) => decode(word)?.instruction === instruction);
}

const accessing = instructions.filter((instruction) => instruction.class === "by CSR");

/** Whether an instruction writes whatever its source is; csrrs and csrrc do not from x0, or a zero. */
const swaps = ({ name }: Instruction) => name.startsWith("csrrw");

const FORMS = [
  { name: "csrr", reads: true, writes: false },
  { name: "csrw", reads: false, writes: true },
  { name: "csrrw", reads: true, writes: true },
] as const;

/** The words that read the CSR of a number, write it or both: by each instruction that can. */
function accessWords(number: number, { reads, writes }: (typeof FORMS)[number]): number[] {
  return accessing
    .filter((instruction) => writes || !swaps(instruction))
    .map((instruction) => {
      const word = encode(instruction, { rd: reads ? A0 : 0, immediate: number });
      return (word | (writes ? A1 << SOURCE : 0)) >>> 0;
    });
}

const accesses = csrs.flatMap((csr) =>
  FORMS.map(
    (form): Operation => ({
      name: `${form.name} ${csr.name}`,
      words: accessWords(csr.number, form),
      stated: csrClass(csr, form),
      // Accesses to CSRs have to do with one register, and with neither memory nor rounding.
      contexts: contexts.slice(0, 2),
      resources: [...resources, ...variationsOf(csr)],
    }),
  ),
);

/** Every operation there is, in the order of the manuals. */
export const operations: readonly Operation[] = [
  ...instructions.flatMap((instruction): Operation[] =>
    instruction.class === "by CSR"
      ? []
      : [
          {
            name: instruction.name,
            words: wordsOf(instruction),
            stated: instruction.class,
            contexts,
            resources,
          },
        ],
  ),
  ...accesses,
];
