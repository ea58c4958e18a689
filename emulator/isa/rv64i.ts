/** RV64I, the base integer instruction set (unprivileged manual, chapters 2 and 7). */
import { state } from "../hart/layout.ts";
import type { I32, I64 } from "../language/expression.ts";
import { setting32, u32 } from "../language/expression.ts";
import { jumpByImmediate, jumpTo, local, synchronise, when, writeMemory } from "../language/statement.ts";
import { breakpoint, environmentCall } from "../trap/cause.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { imm, nextPc, pc, rd, readMemory, rs1, rs2 } from "./operands.ts";

const upper = (name: string, opcode: string, value: () => I64) =>
  instruction("i", name, `imm[31:12] rd ${opcode}`, "rd, imm", () => rd.set(value()));

const register = (name: string, funct7: string, funct3: string, value: () => I64) =>
  instruction("i", name, `${funct7} rs2 rs1 ${funct3} rd 0110011`, "rd, rs1, rs2", () => rd.set(value()));

const registerWord = (name: string, funct7: string, funct3: string, value: () => I64) =>
  instruction("i", name, `${funct7} rs2 rs1 ${funct3} rd 0111011`, "rd, rs1, rs2", () =>
    rd.set(value().signExtend(32)),
  );

const immediate = (name: string, funct3: string, value: () => I64) =>
  instruction("i", name, `imm[11:0] rs1 ${funct3} rd 0010011`, "rd, rs1, imm", () => rd.set(value()));

const shift = (name: string, funct6: string, funct3: string, value: () => I64) =>
  instruction("i", name, `${funct6} uimm[5:0] rs1 ${funct3} rd 0010011`, "rd, rs1, imm", () =>
    rd.set(value()),
  );

const shiftWord = (name: string, funct7: string, funct3: string, value: () => I64) =>
  instruction("i", name, `${funct7} uimm[4:0] rs1 ${funct3} rd 0011011`, "rd, rs1, imm", () =>
    rd.set(value().signExtend(32)),
  );

const branch = (name: string, funct3: string, taken: () => I32) =>
  instruction("i", name, `imm[12|10:5] rs2 rs1 ${funct3} imm[4:1|11] 1100011`, "rs1, rs2, target", () =>
    when(taken(), jumpByImmediate),
  );

const load = (name: string, funct3: string, bytes: 1 | 2 | 4 | 8, signed: boolean) =>
  instruction("i", name, `imm[11:0] rs1 ${funct3} rd 0000011`, "rd, imm(rs1)", () =>
    rd.set(readMemory(rs1.add(imm), bytes, signed)),
  );

const store = (name: string, funct3: string, bytes: 1 | 2 | 4 | 8) =>
  instruction("i", name, `imm[11:5] rs2 rs1 ${funct3} imm[4:0] 0100011`, "rs2, imm(rs1)", () =>
    writeMemory(rs1.add(imm), bytes, rs2),
  );

/** A 32-bit shift takes its count modulo 32. */
const wordCount = (count: I64) => count.and(31);

export const rv64i: readonly Instruction[] = [
  upper("lui", "0110111", () => imm),
  upper("auipc", "0010111", () => pc.add(imm)),

  instruction("i", "jal", "imm[20|10:1|11|19:12] rd 1101111", "rd, target", () => {
    rd.set(nextPc);
    jumpByImmediate();
  }),
  instruction("i", "jalr", "imm[11:0] rs1 000 rd 1100111", "rd, imm(rs1)", () => {
    const target = local(rs1.add(imm).and(-2n));
    rd.set(nextPc);
    jumpTo(target);
  }),

  branch("beq", "000", () => rs1.eq(rs2)),
  branch("bne", "001", () => rs1.ne(rs2)),
  branch("blt", "100", () => rs1.ltS(rs2)),
  branch("bge", "101", () => rs1.geS(rs2)),
  branch("bltu", "110", () => rs1.ltU(rs2)),
  branch("bgeu", "111", () => rs1.geU(rs2)),

  load("lb", "000", 1, true),
  load("lh", "001", 2, true),
  load("lw", "010", 4, true),
  load("ld", "011", 8, false),
  load("lbu", "100", 1, false),
  load("lhu", "101", 2, false),
  load("lwu", "110", 4, false),

  store("sb", "000", 1),
  store("sh", "001", 2),
  store("sw", "010", 4),
  store("sd", "011", 8),

  immediate("addi", "000", () => rs1.add(imm)),
  immediate("slti", "010", () => rs1.ltS(imm).toU64()),
  immediate("sltiu", "011", () => rs1.ltU(imm).toU64()),
  immediate("xori", "100", () => rs1.xor(imm)),
  immediate("ori", "110", () => rs1.or(imm)),
  immediate("andi", "111", () => rs1.and(imm)),
  shift("slli", "000000", "001", () => rs1.shl(imm)),
  shift("srli", "000000", "101", () => rs1.shrU(imm)),
  shift("srai", "010000", "101", () => rs1.shrS(imm)),

  instruction("i", "addiw", "imm[11:0] rs1 000 rd 0011011", "rd, rs1, imm", () =>
    rd.set(rs1.add(imm).signExtend(32)),
  ),
  shiftWord("slliw", "0000000", "001", () => rs1.shl(imm)),
  shiftWord("srliw", "0000000", "101", () => rs1.low32().shrU(imm)),
  shiftWord("sraiw", "0100000", "101", () => rs1.signExtend(32).shrS(imm)),

  register("add", "0000000", "000", () => rs1.add(rs2)),
  register("sub", "0100000", "000", () => rs1.sub(rs2)),
  register("sll", "0000000", "001", () => rs1.shl(rs2)),
  register("slt", "0000000", "010", () => rs1.ltS(rs2).toU64()),
  register("sltu", "0000000", "011", () => rs1.ltU(rs2).toU64()),
  register("xor", "0000000", "100", () => rs1.xor(rs2)),
  register("srl", "0000000", "101", () => rs1.shrU(rs2)),
  register("sra", "0100000", "101", () => rs1.shrS(rs2)),
  register("or", "0000000", "110", () => rs1.or(rs2)),
  register("and", "0000000", "111", () => rs1.and(rs2)),
  registerWord("addw", "0000000", "000", () => rs1.add(rs2)),
  registerWord("subw", "0100000", "000", () => rs1.sub(rs2)),
  registerWord("sllw", "0000000", "001", () => rs1.shl(wordCount(rs2))),
  registerWord("srlw", "0000000", "101", () => rs1.low32().shrU(wordCount(rs2))),
  registerWord("sraw", "0100000", "101", () => rs1.signExtend(32).shrS(wordCount(rs2))),

  // The order of memory is that of the program: harts take turns, so a fence has nothing to do.
  instruction("i", "fence", "fm pred succ ..... 000 ..... 0001111", "pred, succ", () => {}),
  // Fetch is coherent with stores: engines hear of those to code they hold (memory/physical.ts).
  instruction("zifencei", "fence.i", "............ ..... 001 ..... 0001111", "", () => {}),
  // A hint that this hart spins: it gives up the rest of its turn, if there is another to have one.
  instruction("zihintpause", "pause", "0000 0001 0000 00000 000 00000 0001111", "", () => {
    when(setting32("harts").gtU(1), () => {
      state.yielding.set(u32(1));
      synchronise();
    });
  }),

  instruction("i", "ecall", "000000000000 00000 000 00000 1110011", "", environmentCall),
  instruction("i", "ebreak", "000000000001 00000 000 00000 1110011", "", breakpoint),
];
