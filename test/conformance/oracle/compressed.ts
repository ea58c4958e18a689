/**
 * What compressed instructions stand for, taken apart by hand from the tables of the manuals (C, RVC Instruction Set
 * Listings; Zcb). Immediates are put together bit by bit as the formats draw them.
 */

/** An instruction of 32 bits with all its operands. */
export interface Expanded {
  /** The compressed instruction's own name. */
  readonly name: string;
  /** The name of what it stands for. */
  readonly base: string;
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  readonly immediate: number;
  /** An extension beyond C that it comes with. */
  readonly extension?: "zcb";
}

const ra = 1;
const sp = 2;

type Operands = Partial<Pick<Expanded, "rd" | "rs1" | "rs2" | "immediate">>;
const stands = (name: string, base: string, operands: Operands): Expanded => ({
  name: `c.${name}`,
  base,
  rd: 0,
  rs1: 0,
  rs2: 0,
  immediate: 0,
  ...operands,
});

/** A number from bits of the halfword: the first number names the bit of weight `2^top`, and so on downwards; -1 is 0. */
const gather = (half: number, top: number, ...places: readonly number[]): number =>
  places.reduce((sum, place, i) => sum + (place < 0 ? 0 : ((half >> place) & 1) * 2 ** (top - i)), 0);
/** The same where the top bit is the sign. */
const gatherSigned = (half: number, top: number, ...places: readonly number[]): number => {
  const value = gather(half, top, ...places);
  return value >= 2 ** top ? value - 2 ** (top + 1) : value;
};

/** CI-format immediate: bits 12 and 6 to 2. */
const immediate6 = (half: number) => gatherSigned(half, 5, 12, 6, 5, 4, 3, 2);
const shamt = (half: number) => gather(half, 5, 12, 6, 5, 4, 3, 2);
/** Offsets of loads and stores, scaled by 4 and 8. */
const offset4 = (half: number) => gather(half, 6, 5, 12, 11, 10, 6);
const offset8 = (half: number) => gather(half, 7, 6, 5, 12, 11, 10);

/** Quadrant 0: op = 00. */
function quadrant0(half: number): Expanded | undefined {
  const low = 8 + ((half >> 2) & 7);
  const high = 8 + ((half >> 7) & 7);
  switch (half >> 13) {
    case 0: {
      const immediate = gather(half, 9, 10, 9, 8, 7, 12, 11, 5, 6);
      return immediate === 0 ? undefined : stands("addi4spn", "addi", { rd: low, rs1: sp, immediate });
    }
    case 1:
      return stands("fld", "fld", { rd: low, rs1: high, immediate: offset8(half) });
    case 2:
      return stands("lw", "lw", { rd: low, rs1: high, immediate: offset4(half) });
    case 3:
      return stands("ld", "ld", { rd: low, rs1: high, immediate: offset8(half) });
    case 4:
      return bytesAndHalves(half, low, high);
    case 5:
      return stands("fsd", "fsd", { rs2: low, rs1: high, immediate: offset8(half) });
    case 6:
      return stands("sw", "sw", { rs2: low, rs1: high, immediate: offset4(half) });
    default:
      return stands("sd", "sd", { rs2: low, rs1: high, immediate: offset8(half) });
  }
}

/** Zcb's loads and stores, where C has a reserved row. */
function bytesAndHalves(half: number, low: number, rs1: number): Expanded | undefined {
  const byteOffset = gather(half, 1, 5, 6);
  const halfOffset = gather(half, 1, 5);
  const isSecond = ((half >> 6) & 1) === 1;
  const extension = "zcb";
  switch ((half >> 10) & 7) {
    case 0:
      return { ...stands("lbu", "lbu", { rd: low, rs1, immediate: byteOffset }), extension };
    case 1:
      return isSecond
        ? { ...stands("lh", "lh", { rd: low, rs1, immediate: halfOffset }), extension }
        : { ...stands("lhu", "lhu", { rd: low, rs1, immediate: halfOffset }), extension };
    case 2:
      return { ...stands("sb", "sb", { rs2: low, rs1, immediate: byteOffset }), extension };
    case 3:
      return isSecond
        ? undefined
        : { ...stands("sh", "sh", { rs2: low, rs1, immediate: halfOffset }), extension };
    default:
      return undefined;
  }
}

/** Quadrant 1: op = 01. */
function quadrant1(half: number): Expanded | undefined {
  const rd = (half >> 7) & 31;
  const immediate = immediate6(half);
  switch (half >> 13) {
    case 0:
      return rd === 0
        ? stands("nop", "addi", { immediate })
        : stands("addi", "addi", { rd, rs1: rd, immediate });
    case 1:
      return rd === 0 ? undefined : stands("addiw", "addiw", { rd, rs1: rd, immediate });
    case 2:
      return stands("li", "addi", { rd, immediate });
    case 3:
      if (immediate === 0) return undefined;
      return rd === sp
        ? stands("addi16sp", "addi", {
            rd: sp,
            rs1: sp,
            immediate: gatherSigned(half, 9, 12, 4, 3, 5, 2, 6),
          })
        : stands("lui", "lui", { rd, immediate: immediate * 4096 });
    case 4:
      return arithmetic(half, 8 + (rd & 7), immediate);
    case 5:
      return stands("j", "jal", { immediate: gatherSigned(half, 11, 12, 8, 10, 9, 6, 7, 2, 11, 5, 4, 3) });
    default:
      return stands(half >> 13 === 6 ? "beqz" : "bnez", half >> 13 === 6 ? "beq" : "bne", {
        rs1: 8 + (rd & 7),
        immediate: gatherSigned(half, 8, 12, 6, 5, 2, 11, 10, 4, 3),
      });
  }
}

/** The row of quadrant 1 that works on rd' alone or on rd' and rs2'. */
function arithmetic(half: number, rd: number, immediate: number): Expanded | undefined {
  const unary = { rd, rs1: rd };
  switch ((half >> 10) & 3) {
    case 0:
      return stands("srli", "srli", { ...unary, immediate: shamt(half) });
    case 1:
      return stands("srai", "srai", { ...unary, immediate: shamt(half) });
    case 2:
      return stands("andi", "andi", { ...unary, immediate });
  }
  const binary = { ...unary, rs2: 8 + ((half >> 2) & 7) };
  const operation = (half >> 5) & 3;
  if (((half >> 12) & 1) === 0) {
    const name = ["sub", "xor", "or", "and"][operation] ?? "";
    return stands(name, name, binary);
  }
  if (operation === 0) return stands("subw", "subw", binary);
  if (operation === 1) return stands("addw", "addw", binary);
  const extension = "zcb";
  if (operation === 2) return { ...stands("mul", "mul", binary), extension };
  const converted = [
    stands("zext.b", "andi", { ...unary, immediate: 255 }),
    stands("sext.b", "sext.b", unary),
    stands("zext.h", "zext.h", unary),
    stands("sext.h", "sext.h", unary),
    stands("zext.w", "add.uw", unary),
    stands("not", "xori", { ...unary, immediate: -1 }),
  ][(half >> 2) & 7];
  return converted && { ...converted, extension };
}

/** Quadrant 2: op = 10. */
function quadrant2(half: number): Expanded | undefined {
  const rd = (half >> 7) & 31;
  const rs2 = (half >> 2) & 31;
  const load8 = gather(half, 8, 4, 3, 2, 12, 6, 5);
  const store8 = gather(half, 8, 9, 8, 7, 12, 11, 10);
  switch (half >> 13) {
    case 0:
      return stands("slli", "slli", { rd, rs1: rd, immediate: shamt(half) });
    case 1:
      return stands("fldsp", "fld", { rd, rs1: sp, immediate: load8 });
    case 2:
      return rd === 0
        ? undefined
        : stands("lwsp", "lw", { rd, rs1: sp, immediate: gather(half, 7, 3, 2, 12, 6, 5, 4) });
    case 3:
      return rd === 0 ? undefined : stands("ldsp", "ld", { rd, rs1: sp, immediate: load8 });
    case 4:
      return moveOrJump(half, rd, rs2);
    case 5:
      return stands("fsdsp", "fsd", { rs2, rs1: sp, immediate: store8 });
    case 6:
      return stands("swsp", "sw", { rs2, rs1: sp, immediate: gather(half, 7, 8, 7, 12, 11, 10, 9) });
    default:
      return stands("sdsp", "sd", { rs2, rs1: sp, immediate: store8 });
  }
}

function moveOrJump(half: number, rd: number, rs2: number): Expanded | undefined {
  const isSecond = ((half >> 12) & 1) === 1;
  if (rs2 !== 0) {
    return isSecond ? stands("add", "add", { rd, rs1: rd, rs2 }) : stands("mv", "add", { rd, rs2 });
  }
  if (rd === 0) return isSecond ? stands("ebreak", "ebreak", {}) : undefined;
  return isSecond ? stands("jalr", "jalr", { rd: ra, rs1: rd }) : stands("jr", "jalr", { rs1: rd });
}

/** What a halfword whose low bits are not 11 stands for; undefined where the manuals reserve it. */
export function expand(half: number): Expanded | undefined {
  return [quadrant0, quadrant1, quadrant2][half & 3]?.(half);
}
