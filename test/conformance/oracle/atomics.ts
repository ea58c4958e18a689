/** What atomic memory operations store (A, Atomic Memory Operations). */

export interface AtomicOperation {
  readonly because: string;
  /** Of the value in memory and rs2, both unsigned numbers of `bits` bits. */
  readonly value: (old: bigint, operand: bigint, bits: number) => bigint;
}

const operation = (says: string, value: AtomicOperation["value"]): AtomicOperation => ({
  because: `A, Atomic Memory Operations: rd is the value that was in memory, sign-extended; stored is ${says}`,
  value,
});

const isLess = (a: bigint, b: bigint, bits: number) => BigInt.asIntN(bits, a) < BigInt.asIntN(bits, b);

/** Every operation, by what stands between "amo" and the width in its name. */
export const atomicOperations: ReadonlyMap<string, AtomicOperation> = new Map([
  ["swap", operation("rs2", (_, operand) => operand)],
  ["add", operation("the sum", (old, operand) => old + operand)],
  ["xor", operation("the exclusive or", (old, operand) => old ^ operand)],
  ["and", operation("the and", (old, operand) => old & operand)],
  ["or", operation("the or", (old, operand) => old | operand)],
  [
    "min",
    operation("the lesser signed number", (old, operand, bits) =>
      isLess(old, operand, bits) ? old : operand,
    ),
  ],
  [
    "max",
    operation("the greater signed number", (old, operand, bits) =>
      isLess(old, operand, bits) ? operand : old,
    ),
  ],
  ["minu", operation("the lesser unsigned number", (old, operand) => (old - operand < 0n ? old : operand))],
  ["maxu", operation("the greater unsigned number", (old, operand) => (old - operand > 0n ? old : operand))],
]);
