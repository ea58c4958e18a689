/** A: load-reserved, store-conditional and atomic read-modify-write (unprivileged manual, chapter "A"). */
import { state } from "../hart/layout.ts";
import type { I32, I64 } from "../language/expression.ts";
import { cell64, select, u32, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, storeCell, when } from "../language/statement.ts";
import { Access } from "../memory/access.ts";
import { checkWritable, ramAddress, readPhysical, writePhysical } from "../memory/physical.ts";
import { knownPlace, placeAtomic } from "../memory/virtual.ts";
import { Cause } from "../trap/cause.ts";
import type { Instruction } from "./instruction.ts";
import { instruction } from "./instruction.ts";
import { rd, rs1, rs2 } from "./operands.ts";

// Each asks first whether its place is known, so that an engine need not look it up as if nothing were.

type Width = 4 | 8;

const suffix = (bytes: Width) => (bytes === 4 ? "w" : "d");
const funct3 = (bytes: Width) => (bytes === 4 ? "010" : "011");
const cell = (bytes: Width) => (bytes === 4 ? "u32" : "i64");
const extended = (value: I64, bytes: Width) => (bytes === 4 ? value.signExtend(32) : value);

const reserve = (address: I64, bytes: I32): void => {
  state.reservation.set(address);
  state.reservedBytes.set(bytes);
};

/** Whether the reservation still holds and covers the address. It is gone either way. */
const takeReservation = (address: I64, bytes: I32): I32 => {
  const holds = local(state.reservation.get().eq(address).and(bytes.eq(state.reservedBytes.get())));
  state.reservation.set(u64(-1));
  return holds;
};

/** Loads a word and reserves its address. */
const loadReserved = procedure(
  "loadReserved",
  { virtual: "i64", bytes: "i32" },
  "i64",
  ({ virtual, bytes }) => {
    const address = local(placeAtomic({ virtual, bytes, access: Access.read }));
    const value = local(readPhysical({ address, bytes, cause: Cause.loadAccess, virtual }));
    reserve(address, bytes);
    return value;
  },
);

/** Stores if the reservation still holds and covers the address; 0 on success, 1 on failure. */
const storeConditional = procedure(
  "storeConditional",
  { virtual: "i64", bytes: "i32", value: "i64" },
  "i64",
  ({ virtual, bytes, value }) => {
    const address = local(placeAtomic({ virtual, bytes, access: Access.write }));
    checkWritable({ address, bytes, cause: Cause.storeAccess, virtual });
    const holds = takeReservation(address, bytes);
    when(holds, () => writePhysical({ address, bytes, value }));
    return holds.isZero().toU64();
  },
);

const atomic = (name: string, funct5: string, operation: (old: I64, value: I64) => I64) =>
  ([4, 8] as const).map((bytes) =>
    instruction(
      "a",
      `amo${name}.${suffix(bytes)}`,
      `${funct5} aq rl rs2 rs1 ${funct3(bytes)} rd 0101111`,
      "rd, rs2, (rs1)",
      () => {
        const virtual = local(rs1);
        const operand = local(extended(rs2, bytes));
        const old = local(u64(0));
        const known = local(knownPlace({ virtual, bytes, access: Access.write }));
        when(
          known,
          () => {
            old.set(extended(cell64(cell(bytes), known), bytes));
            storeCell(cell(bytes), known, operation(old, operand));
          },
          () => {
            const address = local(placeAtomic({ virtual, bytes, access: Access.write }));
            // Where it can be read it can be written too.
            const cause = Cause.storeAccess;
            old.set(extended(readPhysical({ address, bytes, cause, virtual }), bytes));
            writePhysical({ address, bytes, value: operation(old, operand) });
          },
        );
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
    () => {
      const virtual = local(rs1);
      const value = local(u64(0));
      const known = local(knownPlace({ virtual, bytes, access: Access.read }));
      when(
        known,
        () => {
          value.set(cell64(cell(bytes), known));
          reserve(ramAddress(known), u32(bytes));
        },
        () => value.set(loadReserved({ virtual, bytes })),
      );
      rd.set(extended(value, bytes));
    },
  ),
  instruction(
    "a",
    `sc.${suffix(bytes)}`,
    `00011 aq rl rs2 rs1 ${funct3(bytes)} rd 0101111`,
    "rd, rs2, (rs1)",
    () => {
      const virtual = local(rs1);
      const failed = local(u64(0));
      const known = local(knownPlace({ virtual, bytes, access: Access.write }));
      when(
        known,
        () => {
          const holds = takeReservation(ramAddress(known), u32(bytes));
          when(holds, () => storeCell(cell(bytes), known, rs2));
          failed.set(holds.isZero().toU64());
        },
        () => failed.set(storeConditional({ virtual, bytes, value: rs2 })),
      );
      rd.set(failed);
    },
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
