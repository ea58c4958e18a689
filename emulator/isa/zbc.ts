/** Zbc, carry-less multiplication (bit-manipulation manual, 1.3): of polynomials over GF(2). */
import type { I64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local } from "../language/statement.ts";
import type { Instruction } from "./instruction.ts";
import { instruction, sharedWith } from "./instruction.ts";
import { rd, rs1, rs2 } from "./operands.ts";
import { reverseBits } from "./reversal.ts";

/** Every fourth bit, from bit `first` on. */
const everyFourth = (first: number) => 0x1111_1111_1111_1111n << BigInt(first);

/**
 * The low 64 bits of the carry-less product. A carrying product of numbers that have only every fourth bit carries
 * into the bits between, three of which hold the count of up to 15 ones; a count of 16 comes at the very top only.
 */
const lowerProduct = procedure("carryless_product", { a: "i64", b: "i64" }, "i64", ({ a, b }) => {
  const quarters = (value: I64) => [0, 1, 2, 3].map((first) => local(value.and(everyFourth(first))));
  const [ofA, ofB] = [quarters(a), quarters(b)];
  return ofA
    .flatMap((x, i) => ofB.map((y, j) => x.mul(y).and(everyFourth((i + j) % 4))))
    .reduce((sum, product) => sum.xor(product));
});

/** Bits 63 to 126 of the product: reversed, they are the lower half of the product of the reversed factors. */
const reversedProduct = procedure("carryless_reversed", { a: "i64", b: "i64" }, "i64", ({ a, b }) =>
  reverseBits(lowerProduct({ a: reverseBits(a), b: reverseBits(b) })),
);

const multiplication = (name: string, funct3: string, value: () => I64) =>
  instruction("zbc", name, `0000101 rs2 rs1 ${funct3} rd 0110011`, "rd, rs1, rs2", () => rd.set(value()));

export const zbc: readonly Instruction[] = [
  ...sharedWith("zbkc", [
    multiplication("clmul", "001", () => lowerProduct({ a: rs1, b: rs2 })),
    multiplication("clmulh", "011", () => reversedProduct({ a: rs1, b: rs2 }).shrU(1)),
  ]),
  multiplication("clmulr", "010", () => reversedProduct({ a: rs1, b: rs2 })),
];
