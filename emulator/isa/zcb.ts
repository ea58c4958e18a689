/** Zcb, further compressed instructions (code-size reduction manual, 1.0). c.mul needs M, which is always there. */
import type { Instruction } from "./instruction.ts";
import { compressing } from "./instruction.ts";
import { rv64m } from "./m.ts";
import { rv64i } from "./rv64i.ts";
import { zba } from "./zba.ts";
import { zbb } from "./zbb.ts";

const c = compressing("zcb", [...rv64i, ...rv64m, ...zba, ...zbb]);

const ZERO = 0;

export const zcb: readonly Instruction[] = [
  c("c.lbu", "100 000 rs1' uimm[0|1] rd' 00", "rd, imm(rs1)", "lbu"),
  c("c.lhu", "100 001 rs1' 0 uimm[1] rd' 00", "rd, imm(rs1)", "lhu"),
  c("c.lh", "100 001 rs1' 1 uimm[1] rd' 00", "rd, imm(rs1)", "lh"),
  c("c.sb", "100 010 rs1' uimm[0|1] rs2' 00", "rs2, imm(rs1)", "sb"),
  c("c.sh", "100 011 rs1' 0 uimm[1] rs2' 00", "rs2, imm(rs1)", "sh"),

  c("c.zext.b", "100 111 rd/rs1' 11 000 01", "rd", "andi", { fixed: { imm: 255 } }),
  c("c.sext.b", "100 111 rd/rs1' 11 001 01", "rd", "sext.b", { needs: "zbb" }),
  c("c.zext.h", "100 111 rd/rs1' 11 010 01", "rd", "zext.h", { needs: "zbb" }),
  c("c.sext.h", "100 111 rd/rs1' 11 011 01", "rd", "sext.h", { needs: "zbb" }),
  c("c.zext.w", "100 111 rd/rs1' 11 100 01", "rd", "add.uw", { fixed: { rs2: ZERO }, needs: "zba" }),
  c("c.not", "100 111 rd/rs1' 11 101 01", "rd", "xori", { fixed: { imm: -1 } }),
  c("c.mul", "100 111 rd/rs1' 10 rs2' 01", "rd, rs2", "mul"),
];
