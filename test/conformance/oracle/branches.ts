/** When branches are taken (RV32I, Conditional Branches). */

const signed = (v: bigint) => BigInt.asIntN(64, v);

export interface Branch {
  readonly because: string;
  /** On unsigned 64-bit numbers. */
  readonly taken: (a: bigint, b: bigint) => boolean;
}

const branch = (says: string, taken: Branch["taken"]): Branch => ({
  because: `RV32I, Conditional Branches: taken if ${says}; the offset is from the branch's own address`,
  taken,
});

/** Every conditional branch, by its name. */
export const branches: ReadonlyMap<string, Branch> = new Map([
  ["beq", branch("rs1 = rs2", (a, b) => a === b)],
  ["bne", branch("rs1 and rs2 differ", (a, b) => a !== b)],
  ["blt", branch("rs1 < rs2, signed", (a, b) => signed(a) < signed(b))],
  ["bge", branch("rs1 >= rs2, signed", (a, b) => signed(a) >= signed(b))],
  ["bltu", branch("rs1 < rs2, unsigned", (a, b) => a < b)],
  ["bgeu", branch("rs1 >= rs2, unsigned", (a, b) => a >= b)],
]);
