/**
 * What instructions on integer registers compute, as the manuals say it, on unbounded integers. `a` is rs1; `b` is rs2 or
 * the immediate, sign-extended to 64 bits where it has a sign. Both are unsigned 64-bit numbers; results are cut to 64 bits.
 */

/** An instruction's result, and the sentence of the manual that says so. */
export interface Computation {
  readonly because: string;
  readonly value: (a: bigint, b: bigint) => bigint;
}

type Rules = Readonly<Record<string, readonly [says: string, value: (a: bigint, b: bigint) => bigint]>>;

const chapter = (title: string, rules: Rules): [string, Computation][] =>
  Object.entries(rules).map(([name, [says, value]]) => [
    name,
    { because: `${title}: ${says}`, value: (a, b) => BigInt.asUintN(64, value(a, b)) },
  ]);

const signed = (v: bigint) => BigInt.asIntN(64, v);
const word = (v: bigint) => BigInt.asIntN(32, v);
const unsignedWord = (v: bigint) => BigInt.asUintN(32, v);
const truth = (holds: boolean) => (holds ? 1n : 0n);

/** Digits of a number in base 2, most significant first. */
const binary = (v: bigint, width: number) => v.toString(2).padStart(width, "0");
const leadingZeros = (v: bigint, width: number) => BigInt(`${binary(v, width)}1`.indexOf("1"));
const trailingZeros = (v: bigint, width: number) => {
  const last = binary(v, width).lastIndexOf("1");
  return BigInt(last < 0 ? width : width - 1 - last);
};
const ones = (v: bigint) => BigInt(binary(v, 64).replaceAll("0", "").length);

const bytesOf = (v: bigint) => Array.from({ length: 8 }, (_, i) => (v >> BigInt(8 * i)) & 0xffn);
const fromBytes = (bytes: readonly bigint[]) => bytes.reduceRight((sum, byte) => (sum << 8n) | byte, 0n);
const reversedByte = (byte: bigint) => BigInt(`0b${[...binary(byte, 8)].reverse().join("")}`);

const rotatedRight = (v: bigint, count: bigint, width: bigint) =>
  ((v >> count) | (v << (width - count))) & ((1n << width) - 1n);

/** The 127-bit product of two polynomials over GF(2). */
function carryless(a: bigint, b: bigint): bigint {
  let product = 0n;
  for (let i = 0n; i < 64n; i++) if ((b >> i) & 1n) product ^= a << i;
  return product;
}

/** Elements of `width` bits of `a`, chosen by the elements of `b`. */
function crossbar(a: bigint, b: bigint, width: bigint): bigint {
  const mask = (1n << width) - 1n;
  let result = 0n;
  for (let at = 0n; at < 64n; at += width) {
    const index = (b >> at) & mask;
    if (index * width < 64n) result |= ((a >> (index * width)) & mask) << at;
  }
  return result;
}

const quotient = (a: bigint, b: bigint) => (b === 0n ? -1n : a / b);
const remainder = (a: bigint, b: bigint) => (b === 0n ? a : a % b);

const registerRegister: Rules = {
  add: ["rs1 + rs2, overflow ignored", (a, b) => a + b],
  sub: ["rs1 - rs2, overflow ignored", (a, b) => a - b],
  sll: ["shifts by the low 6 bits of rs2", (a, b) => a << (b % 64n)],
  slt: ["1 if rs1 < rs2 as signed numbers", (a, b) => truth(signed(a) < signed(b))],
  sltu: ["1 if rs1 < rs2 as unsigned numbers", (a, b) => truth(a < b)],
  xor: ["bitwise exclusive or", (a, b) => a ^ b],
  srl: ["shifts by the low 6 bits of rs2, zeros come in", (a, b) => a >> (b % 64n)],
  sra: ["shifts by the low 6 bits of rs2, the sign comes in", (a, b) => signed(a) >> (b % 64n)],
  or: ["bitwise or", (a, b) => a | b],
  and: ["bitwise and", (a, b) => a & b],
  addw: ["the low 32 bits of the sum, sign-extended", (a, b) => word(a + b)],
  subw: ["the low 32 bits of the difference, sign-extended", (a, b) => word(a - b)],
  sllw: ["32 bits, by the low 5 bits of rs2, sign-extended", (a, b) => word(a << (b % 32n))],
  srlw: ["32 bits, zeros come in, sign-extended", (a, b) => word(unsignedWord(a) >> (b % 32n))],
  sraw: ["32 bits, their sign comes in", (a, b) => word(a) >> (b % 32n)],
};

const registerImmediate: Rules = {
  addi: ["rs1 + the sign-extended immediate", (a, b) => a + b],
  slti: ["1 if rs1 < immediate as signed numbers", (a, b) => truth(signed(a) < signed(b))],
  sltiu: ["the immediate is sign-extended, then compared unsigned", (a, b) => truth(a < b)],
  xori: ["bitwise exclusive or with the sign-extended immediate", (a, b) => a ^ b],
  ori: ["bitwise or with the sign-extended immediate", (a, b) => a | b],
  andi: ["bitwise and with the sign-extended immediate", (a, b) => a & b],
  slli: ["zeros come in from the right", (a, b) => a << b],
  srli: ["zeros come in from the left", (a, b) => a >> b],
  srai: ["the sign comes in from the left", (a, b) => signed(a) >> b],
  addiw: ["the low 32 bits of the sum, sign-extended", (a, b) => word(a + b)],
  slliw: ["32 bits shifted left, sign-extended", (a, b) => word(a << b)],
  srliw: ["32 bits shifted right, zeros come in, sign-extended", (a, b) => word(unsignedWord(a) >> b)],
  sraiw: ["32 bits shifted right, their sign comes in", (a, b) => word(a) >> b],
};

const multiplication: Rules = {
  mul: ["the lower 64 bits of the product", (a, b) => a * b],
  mulh: ["the upper 64 bits of signed x signed", (a, b) => (signed(a) * signed(b)) >> 64n],
  mulhsu: ["the upper 64 bits of signed rs1 x unsigned rs2", (a, b) => (signed(a) * b) >> 64n],
  mulhu: ["the upper 64 bits of unsigned x unsigned", (a, b) => (a * b) >> 64n],
  mulw: ["the low 32 bits of the product, sign-extended", (a, b) => word(a * b)],
};

const division: Rules = {
  div: [
    "rounds towards zero; by zero -1; overflow gives the dividend",
    (a, b) => quotient(signed(a), signed(b)),
  ],
  divu: ["unsigned; by zero 2^64 - 1", (a, b) => quotient(a, b)],
  rem: [
    "has the dividend's sign; by zero the dividend; overflow 0",
    (a, b) => remainder(signed(a), signed(b)),
  ],
  remu: ["unsigned; by zero the dividend", (a, b) => remainder(a, b)],
  divw: ["of the low 32 bits, signed, sign-extended", (a, b) => word(quotient(word(a), word(b)))],
  divuw: [
    "of the low 32 bits, unsigned, sign-extended",
    (a, b) => word(quotient(unsignedWord(a), unsignedWord(b))),
  ],
  remw: ["of the low 32 bits, signed, sign-extended", (a, b) => word(remainder(word(a), word(b)))],
  remuw: [
    "of the low 32 bits, unsigned, sign-extended",
    (a, b) => word(remainder(unsignedWord(a), unsignedWord(b))),
  ],
};

const addressGeneration: Rules = {
  sh1add: ["rs2 + (rs1 << 1)", (a, b) => b + a * 2n],
  sh2add: ["rs2 + (rs1 << 2)", (a, b) => b + a * 4n],
  sh3add: ["rs2 + (rs1 << 3)", (a, b) => b + a * 8n],
  "add.uw": ["rs2 + the low 32 bits of rs1, zero-extended", (a, b) => b + unsignedWord(a)],
  "sh1add.uw": ["rs2 + (the low 32 bits of rs1, zero-extended, << 1)", (a, b) => b + unsignedWord(a) * 2n],
  "sh2add.uw": ["rs2 + (the low 32 bits of rs1, zero-extended, << 2)", (a, b) => b + unsignedWord(a) * 4n],
  "sh3add.uw": ["rs2 + (the low 32 bits of rs1, zero-extended, << 3)", (a, b) => b + unsignedWord(a) * 8n],
  "slli.uw": ["the low 32 bits of rs1, zero-extended, shifted left", (a, b) => unsignedWord(a) << b],
};

const basicBits: Rules = {
  andn: ["rs1 and not rs2", (a, b) => a & ~b],
  orn: ["rs1 or not rs2", (a, b) => a | ~b],
  xnor: ["not (rs1 xor rs2)", (a, b) => ~(a ^ b)],
  clz: ["zeros before the highest one; 64 for zero", (a) => leadingZeros(a, 64)],
  ctz: ["zeros after the lowest one; 64 for zero", (a) => trailingZeros(a, 64)],
  cpop: ["how many bits are one", (a) => ones(a)],
  clzw: ["clz of the low 32 bits; 32 for zero", (a) => leadingZeros(unsignedWord(a), 32)],
  ctzw: ["ctz of the low 32 bits; 32 for zero", (a) => trailingZeros(unsignedWord(a), 32)],
  cpopw: ["how many of the low 32 bits are one", (a) => ones(unsignedWord(a))],
  max: ["the greater signed number", (a, b) => (signed(a) > signed(b) ? a : b)],
  maxu: ["the greater unsigned number", (a, b) => (a - b > 0n ? a : b)],
  min: ["the lesser signed number", (a, b) => (signed(a) < signed(b) ? a : b)],
  minu: ["the lesser unsigned number", (a, b) => (a - b < 0n ? a : b)],
  "sext.b": ["the low byte, sign-extended", (a) => BigInt.asIntN(8, a)],
  "sext.h": ["the low 16 bits, sign-extended", (a) => BigInt.asIntN(16, a)],
  "zext.h": ["the low 16 bits, zero-extended", (a) => a % 65536n],
  rol: ["rotates left by the low 6 bits of rs2", (a, b) => rotatedRight(a, 64n - (b % 64n), 64n)],
  ror: ["rotates right by the low 6 bits of rs2", (a, b) => rotatedRight(a, b % 64n, 64n)],
  rori: ["rotates right by the immediate", (a, b) => rotatedRight(a, b, 64n)],
  rolw: [
    "rotates the low 32 bits left by the low 5 bits of rs2, sign-extended",
    (a, b) => word(rotatedRight(unsignedWord(a), 32n - (b % 32n), 32n)),
  ],
  rorw: [
    "rotates the low 32 bits right by the low 5 bits of rs2, sign-extended",
    (a, b) => word(rotatedRight(unsignedWord(a), b % 32n, 32n)),
  ],
  roriw: [
    "rotates the low 32 bits right by the immediate, sign-extended",
    (a, b) => word(rotatedRight(unsignedWord(a), b, 32n)),
  ],
  "orc.b": [
    "every byte that is not zero becomes 0xff",
    (a) => fromBytes(bytesOf(a).map((v) => (v === 0n ? 0n : 0xffn))),
  ],
  rev8: ["the bytes in reverse order", (a) => fromBytes(bytesOf(a).reverse())],
};

const carrylessProducts: Rules = {
  clmul: ["the lower 64 bits of the carry-less product", (a, b) => carryless(a, b)],
  clmulh: ["the upper 64 bits of the carry-less product", (a, b) => carryless(a, b) >> 64n],
  clmulr: ["bits 126 to 63 of the carry-less product", (a, b) => carryless(a, b) >> 63n],
};

const singleBits: Rules = {
  bclr: ["clears the bit that the low 6 bits of rs2 name", (a, b) => a & ~(1n << (b % 64n))],
  bclri: ["clears the bit that the immediate names", (a, b) => a & ~(1n << b)],
  bext: ["gives the bit that the low 6 bits of rs2 name", (a, b) => (a >> (b % 64n)) % 2n],
  bexti: ["gives the bit that the immediate names", (a, b) => (a >> b) % 2n],
  binv: ["inverts the bit that the low 6 bits of rs2 name", (a, b) => a ^ (1n << (b % 64n))],
  binvi: ["inverts the bit that the immediate names", (a, b) => a ^ (1n << b)],
  bset: ["sets the bit that the low 6 bits of rs2 name", (a, b) => a | (1n << (b % 64n))],
  bseti: ["sets the bit that the immediate names", (a, b) => a | (1n << b)],
};

const cryptographicBits: Rules = {
  pack: ["the low words of rs1 and, above it, rs2", (a, b) => unsignedWord(a) + (unsignedWord(b) << 32n)],
  packh: ["the low bytes of rs1 and, above it, rs2", (a, b) => (a % 256n) + (b % 256n) * 256n],
  packw: [
    "the low 16 bits of rs1 and, above them, rs2, sign-extended",
    (a, b) => word((a % 65536n) + (b % 65536n) * 65536n),
  ],
  brev8: ["the bits of every byte in reverse order", (a) => fromBytes(bytesOf(a).map(reversedByte))],
};

const crossbars: Rules = {
  xperm4: ["the nibbles of rs1 that those of rs2 name; 0 where there is none", (a, b) => crossbar(a, b, 4n)],
  xperm8: ["the bytes of rs1 that those of rs2 name; 0 where there is none", (a, b) => crossbar(a, b, 8n)],
};

const conditional: Rules = {
  "czero.eqz": ["0 if rs2 is zero, else rs1", (a, b) => (b === 0n ? 0n : a)],
  "czero.nez": ["0 if rs2 is not zero, else rs1", (a, b) => (b === 0n ? a : 0n)],
};

/** Every instruction that computes rd from rs1 and rs2 or an immediate and does nothing else, by the chapters it stands in. */
export const computations = {
  integer: new Map([
    ...chapter("RV64I, Integer Register-Register Operations", registerRegister),
    ...chapter("RV64I, Integer Register-Immediate Instructions", registerImmediate),
  ]),
  multiply: new Map([
    ...chapter("M, Multiplication Operations", multiplication),
    ...chapter("M, Division Operations", division),
  ]),
  bits: new Map([
    ...chapter("Zba, Address generation", addressGeneration),
    ...chapter("Zbb, Basic bit-manipulation", basicBits),
    ...chapter("Zbc, Carry-less multiplication", carrylessProducts),
    ...chapter("Zbs, Single-bit instructions", singleBits),
    ...chapter("Zbkb, Bit-manipulation for Cryptography", cryptographicBits),
    ...chapter("Zbkx, Crossbar permutations", crossbars),
    ...chapter("Zicond, Integer Conditional operations", conditional),
  ]),
} as const;

const all: ReadonlyMap<string, Computation> = new Map([
  ...computations.integer,
  ...computations.multiply,
  ...computations.bits,
]);

/** What an instruction computes. Throws where it is not one of `computations`. */
export function computationOf(name: string): Computation {
  const found = all.get(name);
  if (found === undefined) throw new Error(`the manuals' computations do not include "${name}"`);
  return found;
}
