/**
 * Which bits of a 32-bit word make it which instruction: the listings of the manuals ("RV32/64G Instruction Set Listings"
 * and those of the extensions), by format.
 */

export interface Listed {
  /** Bits that are given, and what they are. */
  readonly mask: number;
  readonly match: number;
  /** The extensions any of which brings it; none for what RV64IMAFDC has. */
  readonly extensions: readonly string[];
}

const OPCODE = 0x7f;
const FUNCT3 = 0x7000;
const FUNCT7 = 0xfe00_0000;
const RD = 0xf80;
const RS2 = 0x1f0_0000;

const listed = (mask: number, match: number): Listed => ({
  mask: mask >>> 0,
  match: match >>> 0,
  extensions: [],
});
const R = (opcode: number, funct3: number, funct7: number) =>
  listed(OPCODE | FUNCT3 | FUNCT7, opcode | (funct3 << 12) | (funct7 << 25));
const I = (opcode: number, funct3: number) => listed(OPCODE | FUNCT3, opcode | (funct3 << 12));
const U = (opcode: number) => listed(OPCODE, opcode);
/** Shifts by six bits: funct7 without its lowest. */
const shift = (opcode: number, funct3: number, funct6: number) =>
  listed(OPCODE | FUNCT3 | 0xfc00_0000, opcode | (funct3 << 12) | (funct6 << 26));
/** The twelve upper bits are given, rs1 and rd are not. */
const unary = (opcode: number, funct3: number, funct12: number) =>
  listed(OPCODE | FUNCT3 | FUNCT7 | RS2, opcode | (funct3 << 12) | (funct12 << 20));
const exactly = (word: number) => listed(0xffff_ffff, word);
/** aq and rl are free. */
const AMO = (funct3: number, funct5: number) =>
  listed(OPCODE | FUNCT3 | 0xf800_0000, 0x2f | (funct3 << 12) | (funct5 << 27));
const LR = (funct3: number) => listed(OPCODE | FUNCT3 | RS2 | 0xf800_0000, 0x2f | (funct3 << 12) | (2 << 27));
/** Floating point: the rounding mode is free, or funct3 is given. */
const FP = (funct7: number) => listed(OPCODE | FUNCT7, 0x53 | (funct7 << 25));
const FP3 = (funct7: number, funct3: number) => R(0x53, funct3, funct7);
const FP1 = (funct7: number, rs2: number) =>
  listed(OPCODE | FUNCT7 | RS2, 0x53 | (funct7 << 25) | (rs2 << 20));
const FP13 = (funct7: number, rs2: number, funct3: number) => unary(0x53, funct3, (funct7 << 5) | rs2);
const FMA = (opcode: number, fmt: number) => listed(OPCODE | 0x600_0000, opcode | (fmt << 25));
/** rd is zero: fences of translations, cache-block operations. */
const noResult = ({ mask, match }: Listed) => listed(mask | RD, match);

type Listing = Readonly<Record<string, Listed>>;

const integer: Listing = {
  lui: U(0x37),
  auipc: U(0x17),
  jal: U(0x6f),
  jalr: I(0x67, 0),
  beq: I(0x63, 0),
  bne: I(0x63, 1),
  blt: I(0x63, 4),
  bge: I(0x63, 5),
  bltu: I(0x63, 6),
  bgeu: I(0x63, 7),
  lb: I(0x03, 0),
  lh: I(0x03, 1),
  lw: I(0x03, 2),
  ld: I(0x03, 3),
  lbu: I(0x03, 4),
  lhu: I(0x03, 5),
  lwu: I(0x03, 6),
  sb: I(0x23, 0),
  sh: I(0x23, 1),
  sw: I(0x23, 2),
  sd: I(0x23, 3),
  addi: I(0x13, 0),
  slti: I(0x13, 2),
  sltiu: I(0x13, 3),
  xori: I(0x13, 4),
  ori: I(0x13, 6),
  andi: I(0x13, 7),
  slli: shift(0x13, 1, 0x00),
  srli: shift(0x13, 5, 0x00),
  srai: shift(0x13, 5, 0x10),
  addiw: I(0x1b, 0),
  slliw: R(0x1b, 1, 0x00),
  srliw: R(0x1b, 5, 0x00),
  sraiw: R(0x1b, 5, 0x20),
  add: R(0x33, 0, 0x00),
  sub: R(0x33, 0, 0x20),
  sll: R(0x33, 1, 0x00),
  slt: R(0x33, 2, 0x00),
  sltu: R(0x33, 3, 0x00),
  xor: R(0x33, 4, 0x00),
  srl: R(0x33, 5, 0x00),
  sra: R(0x33, 5, 0x20),
  or: R(0x33, 6, 0x00),
  and: R(0x33, 7, 0x00),
  addw: R(0x3b, 0, 0x00),
  subw: R(0x3b, 0, 0x20),
  sllw: R(0x3b, 1, 0x00),
  srlw: R(0x3b, 5, 0x00),
  sraw: R(0x3b, 5, 0x20),
  // The unused fields of fences are reserved, and must be ignored (RV32I, Memory Ordering Instructions; Zifencei).
  fence: I(0x0f, 0),
  "fence.i": I(0x0f, 1),
  ecall: exactly(0x0000_0073),
  ebreak: exactly(0x0010_0073),
  csrrw: I(0x73, 1),
  csrrs: I(0x73, 2),
  csrrc: I(0x73, 3),
  csrrwi: I(0x73, 5),
  csrrsi: I(0x73, 6),
  csrrci: I(0x73, 7),
};

const multiplication: Listing = {
  mul: R(0x33, 0, 1),
  mulh: R(0x33, 1, 1),
  mulhsu: R(0x33, 2, 1),
  mulhu: R(0x33, 3, 1),
  div: R(0x33, 4, 1),
  divu: R(0x33, 5, 1),
  rem: R(0x33, 6, 1),
  remu: R(0x33, 7, 1),
  mulw: R(0x3b, 0, 1),
  divw: R(0x3b, 4, 1),
  divuw: R(0x3b, 5, 1),
  remw: R(0x3b, 6, 1),
  remuw: R(0x3b, 7, 1),
};

const operations = { add: 0, swap: 1, xor: 4, or: 8, and: 12, min: 16, max: 20, minu: 24, maxu: 28 };
const atomics: Listing = Object.fromEntries(
  [["w", 2] as const, ["d", 3] as const].flatMap(([suffix, funct3]) => [
    [`lr.${suffix}`, LR(funct3)],
    [`sc.${suffix}`, AMO(funct3, 3)],
    ...Object.entries(operations).map(([name, funct5]) => [`amo${name}.${suffix}`, AMO(funct3, funct5)]),
  ]),
);

/** What every format has; `fmt` is its number, `size` the funct3 of its loads and stores. */
const floating = (suffix: string, fmt: number, size: number, letter: string): Listing => ({
  [`fl${letter}`]: I(0x07, size),
  [`fs${letter}`]: I(0x27, size),
  [`fmadd.${suffix}`]: FMA(0x43, fmt),
  [`fmsub.${suffix}`]: FMA(0x47, fmt),
  [`fnmsub.${suffix}`]: FMA(0x4b, fmt),
  [`fnmadd.${suffix}`]: FMA(0x4f, fmt),
  [`fadd.${suffix}`]: FP(0x00 | fmt),
  [`fsub.${suffix}`]: FP(0x04 | fmt),
  [`fmul.${suffix}`]: FP(0x08 | fmt),
  [`fdiv.${suffix}`]: FP(0x0c | fmt),
  [`fsqrt.${suffix}`]: FP1(0x2c | fmt, 0),
  [`fsgnj.${suffix}`]: FP3(0x10 | fmt, 0),
  [`fsgnjn.${suffix}`]: FP3(0x10 | fmt, 1),
  [`fsgnjx.${suffix}`]: FP3(0x10 | fmt, 2),
  [`fmin.${suffix}`]: FP3(0x14 | fmt, 0),
  [`fmax.${suffix}`]: FP3(0x14 | fmt, 1),
  [`fle.${suffix}`]: FP3(0x50 | fmt, 0),
  [`flt.${suffix}`]: FP3(0x50 | fmt, 1),
  [`feq.${suffix}`]: FP3(0x50 | fmt, 2),
  [`fclass.${suffix}`]: FP13(0x70 | fmt, 0, 1),
  [`fcvt.w.${suffix}`]: FP1(0x60 | fmt, 0),
  [`fcvt.wu.${suffix}`]: FP1(0x60 | fmt, 1),
  [`fcvt.l.${suffix}`]: FP1(0x60 | fmt, 2),
  [`fcvt.lu.${suffix}`]: FP1(0x60 | fmt, 3),
  [`fcvt.${suffix}.w`]: FP1(0x68 | fmt, 0),
  [`fcvt.${suffix}.wu`]: FP1(0x68 | fmt, 1),
  [`fcvt.${suffix}.l`]: FP1(0x68 | fmt, 2),
  [`fcvt.${suffix}.lu`]: FP1(0x68 | fmt, 3),
  [`fmv.x.${letter === "w" ? "w" : suffix}`]: FP13(0x70 | fmt, 0, 0),
  [`fmv.${letter === "w" ? "w" : suffix}.x`]: FP13(0x78 | fmt, 0, 0),
});

const conversions: Listing = { "fcvt.s.d": FP1(0x20, 1), "fcvt.d.s": FP1(0x21, 0) };

const minimalHalf = ["flh", "fsh", "fmv.x.h", "fmv.h.x"];
const halfConversions: Listing = {
  "fcvt.s.h": FP1(0x20, 2),
  "fcvt.d.h": FP1(0x21, 2),
  "fcvt.h.s": FP1(0x22, 0),
  "fcvt.h.d": FP1(0x22, 1),
};
const half = floating("h", 2, 1, "h");

const addressGeneration: Listing = {
  sh1add: R(0x33, 2, 0x10),
  sh2add: R(0x33, 4, 0x10),
  sh3add: R(0x33, 6, 0x10),
  "add.uw": R(0x3b, 0, 0x04),
  "sh1add.uw": R(0x3b, 2, 0x10),
  "sh2add.uw": R(0x3b, 4, 0x10),
  "sh3add.uw": R(0x3b, 6, 0x10),
  "slli.uw": shift(0x1b, 1, 0x02),
};

const bitsOfBoth: Listing = {
  andn: R(0x33, 7, 0x20),
  orn: R(0x33, 6, 0x20),
  xnor: R(0x33, 4, 0x20),
  rol: R(0x33, 1, 0x30),
  ror: R(0x33, 5, 0x30),
  rori: shift(0x13, 5, 0x18),
  rolw: R(0x3b, 1, 0x30),
  rorw: R(0x3b, 5, 0x30),
  roriw: R(0x1b, 5, 0x30),
  rev8: unary(0x13, 5, 0x6b8),
};

const basicBits: Listing = {
  clz: unary(0x13, 1, 0x600),
  ctz: unary(0x13, 1, 0x601),
  cpop: unary(0x13, 1, 0x602),
  "sext.b": unary(0x13, 1, 0x604),
  "sext.h": unary(0x13, 1, 0x605),
  clzw: unary(0x1b, 1, 0x600),
  ctzw: unary(0x1b, 1, 0x601),
  cpopw: unary(0x1b, 1, 0x602),
  min: R(0x33, 4, 0x05),
  minu: R(0x33, 5, 0x05),
  max: R(0x33, 6, 0x05),
  maxu: R(0x33, 7, 0x05),
  "zext.h": unary(0x3b, 4, 0x080),
  "orc.b": unary(0x13, 5, 0x287),
};

const singleBits: Listing = {
  bclr: R(0x33, 1, 0x24),
  bext: R(0x33, 5, 0x24),
  binv: R(0x33, 1, 0x34),
  bset: R(0x33, 1, 0x14),
  bclri: shift(0x13, 1, 0x12),
  bexti: shift(0x13, 5, 0x12),
  binvi: shift(0x13, 1, 0x1a),
  bseti: shift(0x13, 1, 0x0a),
};

const privileged: Listing = {
  mret: exactly(0x3020_0073),
  sret: exactly(0x1020_0073),
  wfi: exactly(0x1050_0073),
  "sfence.vma": noResult(R(0x73, 0, 0x09)),
};

const invalidation: Listing = {
  "sinval.vma": noResult(R(0x73, 0, 0x0b)),
  "sfence.w.inval": exactly(0x1800_0073),
  "sfence.inval.ir": exactly(0x1810_0073),
};

/** The lower five bits of the immediate say which prefetch it is; rd is x0. */
const prefetch = (kind: number) => listed(OPCODE | FUNCT3 | RD | RS2, 0x6013 | (kind << 20));
const cacheBlock = (operation: number) => noResult(unary(0x0f, 2, operation));

const brought = (extensions: readonly string[], listing: Listing): [string, Listed][] =>
  Object.entries(listing).map(([name, entry]) => [name, { ...entry, extensions }]);

/** Every instruction of 32 bits by its name. */
export const encodings: ReadonlyMap<string, Listed> = new Map([
  ...brought([], { ...integer, ...multiplication, ...atomics, ...privileged }),
  ...brought([], { ...floating("s", 0, 2, "w"), ...floating("d", 1, 3, "d"), ...conversions }),
  ...Object.entries(half).map(([name, entry]): [string, Listed] => [
    name,
    { ...entry, extensions: minimalHalf.includes(name) ? ["zfhmin", "zfh"] : ["zfh"] },
  ]),
  ...brought(["zfhmin", "zfh"], halfConversions),
  ...brought(["zba"], addressGeneration),
  ...brought(["zbb", "zbkb"], bitsOfBoth),
  ...brought(["zbb"], basicBits),
  ...brought(["zbc", "zbkc"], { clmul: R(0x33, 1, 0x05), clmulh: R(0x33, 3, 0x05) }),
  ...brought(["zbc"], { clmulr: R(0x33, 2, 0x05) }),
  ...brought(["zbs"], singleBits),
  ...brought(["zbkb"], {
    pack: R(0x33, 4, 0x04),
    packh: R(0x33, 7, 0x04),
    packw: R(0x3b, 4, 0x04),
    brev8: unary(0x13, 5, 0x687),
  }),
  ...brought(["zbkx"], { xperm4: R(0x33, 2, 0x14), xperm8: R(0x33, 4, 0x14) }),
  ...brought(["zicond"], { "czero.eqz": R(0x33, 5, 0x07), "czero.nez": R(0x33, 7, 0x07) }),
  ...brought(["zihintpause"], { pause: exactly(0x0100_000f) }),
  ...brought(["zicbom"], {
    "cbo.inval": cacheBlock(0),
    "cbo.clean": cacheBlock(1),
    "cbo.flush": cacheBlock(2),
  }),
  ...brought(["zicboz"], { "cbo.zero": cacheBlock(4) }),
  ...brought(["zicbop"], { "prefetch.i": prefetch(0), "prefetch.r": prefetch(1), "prefetch.w": prefetch(3) }),
  ...brought(["svinval"], invalidation),
]);

/** The names of the instructions that a word may be, with every extension there is. */
export const namesOf = (word: number): readonly string[] =>
  [...encodings].filter(([, { mask, match }]) => ((word ^ match) & mask) === 0).map(([name]) => name);
