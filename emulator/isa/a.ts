/** A: load-reserved, store-conditional and atomic read-modify-write (unprivileged manual, chapter "A"). */
import { state } from "../hart/layout.ts";
import type { I64 } from "../language/expression.ts";
import { select, u32, u64 } from "../language/expression.ts";
import { local, when } from "../language/statement.ts";
import { Access } from "../memory/access.ts";
import { checkWritable, readPhysical, writePhysical } from "../memory/physical.ts";
import { placeAtomic } from "../memory/virtual.ts";
import { Cause } from "../trap/cause.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { rd, rs1, rs2 } from "./operands.ts";

type Width = 4 | 8;

const suffix = (bytes: Width) => (bytes === 4 ? "w" : "d");
const funct3 = (bytes: Width) => (bytes === 4 ? "010" : "011");
const extended = (value: I64, bytes: Width) => (bytes === 4 ? value.signExtend(32) : value);

/** Loads a word and reserves its address. */
const loadReserved = (bytes: Width) => () => {
  const virtual = local(rs1);
  const address = local(placeAtomic({ virtual, bytes, access: Access.read }));
  const value = local(readPhysical({ address, bytes, cause: Cause.loadAccess, virtual }));
  state.reservation.set(address);
  state.reservedBytes.set(u32(bytes));
  rd.set(extended(value, bytes));
};

/** Stores if the reservation still holds and covers the address; 0 on success, 1 on failure. It is gone either way. */
const storeConditional = (bytes: Width) => () => {
  const virtual = local(rs1);
  const address = local(placeAtomic({ virtual, bytes, access: Access.write }));
  checkWritable({ address, bytes, cause: Cause.storeAccess, virtual });
  const holds = local(state.reservation.get().eq(address).and(state.reservedBytes.get().eq(bytes)));
  state.reservation.set(u64(-1));
  when(holds, () => writePhysical({ address, bytes, value: rs2 }));
  rd.set(holds.isZero().toU64());
};

const atomic = (name: string, funct5: string, operation: (old: I64, value: I64) => I64) =>
  ([4, 8] as const).map((bytes) =>
    instruction(
      "a",
      `amo${name}.${suffix(bytes)}`,
      `${funct5} aq rl rs2 rs1 ${funct3(bytes)} rd 0101111`,
      "rd, rs2, (rs1)",
      () => {
        const virtual = local(rs1);
        const address = local(placeAtomic({ virtual, bytes, access: Access.write }));
        // Where it can be read it can be written too.
        const cause = Cause.storeAccess;
        const old = local(extended(readPhysical({ address, bytes, cause, virtual }), bytes));
        const operand = local(extended(rs2, bytes));
        writePhysical({ address, bytes, value: operation(old, operand) });
        rd.set(old);
      },
    ),
  );

const reserved = ([4, 8] as const).flatMap((bytes) => [
  instruction(
    "a",
    `lr.${suffix(bytes)}`,
    `00010 aq rl 00000 rs1 ${funct3(bytes)} rd 0101111`,
    "rd, (rs1)",
    loadReserved(bytes),
  ),
  instruction(
    "a",
    `sc.${suffix(bytes)}`,
    `00011 aq rl rs2 rs1 ${funct3(bytes)} rd 0101111`,
    "rd, rs2, (rs1)",
    storeConditional(bytes),
  ),
]);

export const rv64a: readonly Instruction[] = [
  ...reserved,
  ...atomic("swap", "00001", (_old, value) => value),
  ...atomic("add", "00000", (old, value) => old.add(value)),
  ...atomic("xor", "00100", (old, value) => old.xor(value)),
  ...atomic("and", "01100", (old, value) => old.and(value)),
  ...atomic("or", "01000", (old, value) => old.or(value)),
  ...atomic("min", "10000", (old, value) => select(old.ltS(value), old, value)),
  ...atomic("max", "10100", (old, value) => select(old.gtS(value), old, value)),
  ...atomic("minu", "11000", (old, value) => select(old.ltU(value), old, value)),
  ...atomic("maxu", "11100", (old, value) => select(old.gtU(value), old, value)),
];
