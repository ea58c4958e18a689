/**
 * C, compressed instructions of RV64 (unprivileged manual, chapter 26). Each stands for a 32-bit instruction, whose
 * semantics it shares. Where the manual reserves a value of a field the entry excepts it, so that it is illegal; its
 * HINTs (mostly rd = x0) need no entries of their own, for what they stand for does nothing.
 */
import { rv64d } from "./d.ts";
import type { Instruction } from "./instruction.ts";
import { compressing } from "./instruction.ts";
import { rv64i } from "./rv64i.ts";

const SP = 2;
const RA = 1;
const ZERO = 0;

const describe = compressing("c", [...rv64i, ...rv64d]);
const c: typeof describe = (name, ...rest) => describe(`c.${name}`, ...rest);

export const rv64c: readonly Instruction[] = [
  // Quadrant 0. The halfword of zeros is c.addi4spn with an immediate of zero, so it is illegal.
  c("addi4spn", "000 uimm[5:4|9:6|2|3] rd' 00", "rd, rs1, imm", "addi", {
    fixed: { rs1: SP },
    except: "imm!=0",
  }),
  c("fld", "001 uimm[5:3] rs1' uimm[7:6] fd' 00", "fd, imm(rs1)", "fld"),
  c("lw", "010 uimm[5:3] rs1' uimm[2|6] rd' 00", "rd, imm(rs1)", "lw"),
  c("ld", "011 uimm[5:3] rs1' uimm[7:6] rd' 00", "rd, imm(rs1)", "ld"),
  c("fsd", "101 uimm[5:3] rs1' uimm[7:6] fs2' 00", "fs2, imm(rs1)", "fsd"),
  c("sw", "110 uimm[5:3] rs1' uimm[2|6] rs2' 00", "rs2, imm(rs1)", "sw"),
  c("sd", "111 uimm[5:3] rs1' uimm[7:6] rs2' 00", "rs2, imm(rs1)", "sd"),

  // Quadrant 1.
  c("nop", "000 imm[5] 00000 imm[4:0] 01", "", "addi", { fixed: { rd: ZERO, rs1: ZERO } }),
  c("addi", "000 imm[5] rd/rs1 imm[4:0] 01", "rd, imm", "addi"),
  c("addiw", "001 imm[5] rd/rs1 imm[4:0] 01", "rd, imm", "addiw", { except: "rd!=0" }),
  c("li", "010 imm[5] rd imm[4:0] 01", "rd, imm", "addi", { fixed: { rs1: ZERO } }),
  c("addi16sp", "011 imm[9] 00010 imm[4|6|8:7|5] 01", "rd, imm", "addi", {
    fixed: { rd: SP, rs1: SP },
    except: "imm!=0",
  }),
  c("lui", "011 imm[17] rd imm[16:12] 01", "rd, imm", "lui", { except: "rd!=2 imm!=0" }),
  c("srli", "100 uimm[5] 00 rd/rs1' uimm[4:0] 01", "rd, imm", "srli"),
  c("srai", "100 uimm[5] 01 rd/rs1' uimm[4:0] 01", "rd, imm", "srai"),
  c("andi", "100 imm[5] 10 rd/rs1' imm[4:0] 01", "rd, imm", "andi"),
  c("sub", "100 0 11 rd/rs1' 00 rs2' 01", "rd, rs2", "sub"),
  c("xor", "100 0 11 rd/rs1' 01 rs2' 01", "rd, rs2", "xor"),
  c("or", "100 0 11 rd/rs1' 10 rs2' 01", "rd, rs2", "or"),
  c("and", "100 0 11 rd/rs1' 11 rs2' 01", "rd, rs2", "and"),
  c("subw", "100 1 11 rd/rs1' 00 rs2' 01", "rd, rs2", "subw"),
  c("addw", "100 1 11 rd/rs1' 01 rs2' 01", "rd, rs2", "addw"),
  c("j", "101 imm[11|4|9:8|10|6|7|3:1|5] 01", "target", "jal", { fixed: { rd: ZERO } }),
  c("beqz", "110 imm[8|4:3] rs1' imm[7:6|2:1|5] 01", "rs1, target", "beq", { fixed: { rs2: ZERO } }),
  c("bnez", "111 imm[8|4:3] rs1' imm[7:6|2:1|5] 01", "rs1, target", "bne", { fixed: { rs2: ZERO } }),

  // Quadrant 2.
  c("slli", "000 uimm[5] rd/rs1 uimm[4:0] 10", "rd, imm", "slli"),
  c("fldsp", "001 uimm[5] fd uimm[4:3|8:6] 10", "fd, imm(rs1)", "fld", { fixed: { rs1: SP } }),
  c("lwsp", "010 uimm[5] rd uimm[4:2|7:6] 10", "rd, imm(rs1)", "lw", {
    fixed: { rs1: SP },
    except: "rd!=0",
  }),
  c("ldsp", "011 uimm[5] rd uimm[4:3|8:6] 10", "rd, imm(rs1)", "ld", {
    fixed: { rs1: SP },
    except: "rd!=0",
  }),
  c("jr", "100 0 rs1 00000 10", "rs1", "jalr", { fixed: { rd: ZERO }, except: "rs1!=0" }),
  c("mv", "100 0 rd rs2 10", "rd, rs2", "add", { fixed: { rs1: ZERO }, except: "rs2!=0" }),
  c("ebreak", "100 1 00000 00000 10", "", "ebreak"),
  c("jalr", "100 1 rs1 00000 10", "rs1", "jalr", { fixed: { rd: RA } }),
  c("add", "100 1 rd/rs1 rs2 10", "rd, rs2", "add"),
  c("fsdsp", "101 uimm[5:3|8:6] fs2 10", "fs2, imm(rs1)", "fsd", { fixed: { rs1: SP } }),
  c("swsp", "110 uimm[5:2|7:6] rs2 10", "rs2, imm(rs1)", "sw", { fixed: { rs1: SP } }),
  c("sdsp", "111 uimm[5:3|8:6] rs2 10", "rs2, imm(rs1)", "sd", { fixed: { rs1: SP } }),
];
