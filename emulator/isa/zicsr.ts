/** Zicsr: atomic reads and writes of CSRs (unprivileged manual, chapter "Zicsr"). */
import type { I32, I64 } from "../language/expression.ts";
import { u32 } from "../language/expression.ts";
import { local, when } from "../language/statement.ts";
import { checkCsrAccess, readCsr, readCsrToModify, whenLeaking, writeCsr } from "./csr.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { encoding, imm, rd, rs1 } from "./operands.ts";

const number = () => imm.toI32();
const zimm = () => encoding.shrU(15).and(31);

/** `update` says what is written over the old value; `writes`, whether anything is. */
function access(
  name: string,
  funct3: string,
  register: boolean,
  writes: () => I32,
  update: (old: I64, v: I64) => I64,
) {
  const source = register ? "rs1" : "zimm";
  return instruction(
    "zicsr",
    name,
    `csr ${source} ${funct3} rd 1110011`,
    `rd, csr, ${source}`,
    () => {
      const operand = local(register ? rs1 : zimm().toU64());
      const write = local(writes());
      checkCsrAccess({ number: number(), writes: write, word: encoding.toU64() });
      const old = local(readCsr({ number: number() }));
      whenLeaking(number(), () => write.set(0));
      when(write, () => {
        writeCsr({ number: number(), value: update(readCsrToModify({ number: number() }), operand) });
      });
      rd.set(old);
    },
    { class: "by CSR" },
  );
}

const always = () => u32(1);
/** csrrs and csrrc with x0, or with a zero immediate, only read. */
const unlessZero = () => zimm().ne(0);
const replace = (_old: I64, value: I64) => value;
const set = (old: I64, value: I64) => old.or(value);
const clear = (old: I64, value: I64) => old.and(value.not());

export const zicsr: readonly Instruction[] = [
  access("csrrw", "001", true, always, replace),
  access("csrrs", "010", true, unlessZero, set),
  access("csrrc", "011", true, unlessZero, clear),
  access("csrrwi", "101", false, always, replace),
  access("csrrsi", "110", false, unlessZero, set),
  access("csrrci", "111", false, unlessZero, clear),
];
