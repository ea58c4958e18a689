/**
 * Pseudo-instructions: usual names for special cases of instructions (unprivileged manual, chapter "RISC-V Assembly
 * Programmer's Handbook"). One line each: the name, the instruction it is a case of, what holds of its operands then,
 * and the operands that remain. Where several cases of one instruction hold, the first is meant.
 */
import { csrNamed } from "./csr.ts";
import type { Decoded } from "./decode.ts";
import { fieldOf } from "./encoding.ts";

export interface Pseudo {
  readonly name: string;
  readonly assembly: string;
  readonly holds: (decoded: Decoded) => boolean;
}

const LINES: readonly (readonly [name: string, base: string, conditions: string, assembly: string])[] = [
  ["nop", "addi", "rd=0 rs1=0 imm=0", ""],
  ["nop", "c.nop", "", ""],
  ["li", "addi", "rs1=0", "rd, imm"],
  ["mv", "addi", "imm=0", "rd, rs1"],
  ["mv", "c.mv", "", "rd, rs2"],
  ["not", "xori", "imm=-1", "rd, rs1"],
  ["zext.b", "andi", "imm=255", "rd, rs1"],
  ["neg", "sub", "rs1=0", "rd, rs2"],
  ["negw", "subw", "rs1=0", "rd, rs2"],
  ["sext.w", "addiw", "imm=0", "rd, rs1"],
  ["zext.w", "add.uw", "rs2=0", "rd, rs1"],
  ["seqz", "sltiu", "imm=1", "rd, rs1"],
  ["snez", "sltu", "rs1=0", "rd, rs2"],
  ["sltz", "slt", "rs2=0", "rd, rs1"],
  ["sgtz", "slt", "rs1=0", "rd, rs2"],

  ["beqz", "beq", "rs2=0", "rs1, target"],
  ["bnez", "bne", "rs2=0", "rs1, target"],
  ["blez", "bge", "rs1=0", "rs2, target"],
  ["bgez", "bge", "rs2=0", "rs1, target"],
  ["bltz", "blt", "rs2=0", "rs1, target"],
  ["bgtz", "blt", "rs1=0", "rs2, target"],

  ["j", "jal", "rd=0", "target"],
  ["jal", "jal", "rd=1", "target"],
  ["ret", "jalr", "rd=0 rs1=1 imm=0", ""],
  ["jr", "jalr", "rd=0 imm=0", "rs1"],
  ["jr", "jalr", "rd=0", "imm(rs1)"],
  ["jalr", "jalr", "rd=1 imm=0", "rs1"],
  ["jalr", "jalr", "rd=1", "imm(rs1)"],
  ["jalr", "jalr", "imm=0", "rd, rs1"],

  ["fence", "fence", "fm=0 pred=15 succ=15", ""],
  ["fence.tso", "fence", "fm=8 pred=3 succ=3", ""],
  ["sfence.vma", "sfence.vma", "rs1=0 rs2=0", ""],
  ["sfence.vma", "sfence.vma", "rs2=0", "rs1"],

  ["unimp", "csrrw", "rd=0 rs1=0 csr=cycle", ""],
  ["rdcycle", "csrrs", "rs1=0 csr=cycle", "rd"],
  ["rdtime", "csrrs", "rs1=0 csr=time", "rd"],
  ["rdinstret", "csrrs", "rs1=0 csr=instret", "rd"],
  ["frcsr", "csrrs", "rs1=0 csr=fcsr", "rd"],
  ["frrm", "csrrs", "rs1=0 csr=frm", "rd"],
  ["frflags", "csrrs", "rs1=0 csr=fflags", "rd"],
  ["fscsr", "csrrw", "rd=0 csr=fcsr", "rs1"],
  ["fscsr", "csrrw", "csr=fcsr", "rd, rs1"],
  ["fsrm", "csrrw", "rd=0 csr=frm", "rs1"],
  ["fsrm", "csrrw", "csr=frm", "rd, rs1"],
  ["fsrmi", "csrrwi", "rd=0 csr=frm", "zimm"],
  ["fsrmi", "csrrwi", "csr=frm", "rd, zimm"],
  ["fsflags", "csrrw", "rd=0 csr=fflags", "rs1"],
  ["fsflags", "csrrw", "csr=fflags", "rd, rs1"],
  ["fsflagsi", "csrrwi", "rd=0 csr=fflags", "zimm"],
  ["fsflagsi", "csrrwi", "csr=fflags", "rd, zimm"],
  ["csrr", "csrrs", "rs1=0", "rd, csr"],
  ["csrw", "csrrw", "rd=0", "csr, rs1"],
  ["csrs", "csrrs", "rd=0", "csr, rs1"],
  ["csrc", "csrrc", "rd=0", "csr, rs1"],
  ["csrwi", "csrrwi", "rd=0", "csr, zimm"],
  ["csrsi", "csrrsi", "rd=0", "csr, zimm"],
  ["csrci", "csrrci", "rd=0", "csr, zimm"],

  ...["h", "s", "d"].flatMap(
    (width) =>
      [
        [`fmv.${width}`, `fsgnj.${width}`, "rs1=rs2", "fd, fs1"],
        [`fneg.${width}`, `fsgnjn.${width}`, "rs1=rs2", "fd, fs1"],
        [`fabs.${width}`, `fsgnjx.${width}`, "rs1=rs2", "fd, fs1"],
      ] as const,
  ),
];

function operandOf(decoded: Decoded, name: string): number | undefined {
  if (name === "imm" || name === "csr") return decoded.immediate;
  if (name === "rd" || name === "rs1" || name === "rs2") return decoded[name];
  return fieldOf(decoded.instruction.encoding, name, decoded.word);
}

function parseConditions(text: string): Pseudo["holds"] {
  const conditions = text.split(" ").filter((condition) => condition !== "");
  const tests = conditions.map((condition) => {
    const [name = "", value = ""] = condition.split("=");
    if (value === "rs2") return (decoded: Decoded) => operandOf(decoded, name) === decoded.rs2;
    const expected = name === "csr" ? csrNamed(value).number : Number(value);
    return (decoded: Decoded) => operandOf(decoded, name) === expected;
  });
  return (decoded) => tests.every((test) => test(decoded));
}

const byBase = new Map<string, Pseudo[]>();
for (const [name, base, conditions, assembly] of LINES) {
  const pseudo = { name, assembly, holds: parseConditions(conditions) };
  byBase.set(base, [...(byBase.get(base) ?? []), pseudo]);
}

/** The pseudo-instructions of an instruction's name, in the order in which they are to be tried. */
export const pseudoInstructions: ReadonlyMap<string, readonly Pseudo[]> = byBase;
