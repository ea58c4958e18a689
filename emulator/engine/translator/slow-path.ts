/** What translated code calls when it cannot go on by itself: procedures of the main module. */
import { cell64, type I32, type I64, u32 } from "../../language/expression.ts";
import { procedure } from "../../language/procedure.ts";
import { local, returns, storeCell, when } from "../../language/statement.ts";
import { readVirtual, writeVirtual } from "../../memory/virtual.ts";
import {
  advance,
  counted,
  rememberedCode,
  rememberedRead,
  rememberedWrite,
  storeToCode,
  uncountData,
} from "../interpreter/lookaside.ts";

/** Counts the slots before the current instruction; `budget` slots were left when it began. */
export const publish = procedure("publish", { budget: "i32" }, "none", ({ budget }) => {
  advance({ slots: counted.get().sub(budget) });
  counted.set(budget);
});

export { rememberedCode };

const withinPage = (virtual: I64, bytes: number): I32 =>
  virtual
    .toI32()
    .and(0xfff)
    .leU(4096 - bytes);

/** The access is looked up anew, by rules that know neither tables nor counts made in advance. */
const lookUpAnew = (budget: I32): void => {
  uncountData();
  publish({ budget });
};

/** A load, zero-extended, that a region could not make by itself. Raises what `readVirtual` does. */
const missedRead = (bytes: 1 | 2 | 4 | 8) =>
  procedure(`missedRead${bytes}`, { virtual: "i64", budget: "i32" }, "i64", ({ virtual, budget }) => {
    when(withinPage(virtual, bytes), () => {
      const target = local(rememberedRead(virtual));
      when(target.ne(0), () => {
        returns(cell64(CELLS[bytes], target.add(virtual.toI32())));
      });
    });
    lookUpAnew(budget);
    return readVirtual({ virtual, bytes });
  });

/** A store that a region could not make by itself. Raises what `writeVirtual` does. */
const missedWrite = (bytes: 1 | 2 | 4 | 8) =>
  procedure(
    `missedWrite${bytes}`,
    { virtual: "i64", value: "i64", budget: "i32" },
    "none",
    ({ virtual, value, budget }) => {
      when(withinPage(virtual, bytes), () => {
        const target = local(rememberedWrite(virtual));
        when(target.ne(0), () => {
          storeCell(CELLS[bytes], target.add(virtual.toI32()), value);
          returns();
        });
      });
      when(storeToCode({ virtual, bytes, value }), () => returns());
      lookUpAnew(budget);
      writeVirtual({ virtual, bytes, value });
    },
  );

/** What added to an address gives its place, and that of the bytes after it, for loads; 0 where it is not remembered. */
export const readableAt = procedure(
  "readableAt",
  { virtual: "i64", bytes: "i32" },
  "i32",
  ({ virtual, bytes }) => {
    when(virtual.toI32().and(0xfff).add(bytes).gtU(4096), () => returns(u32(0)));
    return rememberedRead(virtual);
  },
);

/** The same for stores. */
export const writableAt = procedure(
  "writableAt",
  { virtual: "i64", bytes: "i32" },
  "i32",
  ({ virtual, bytes }) => {
    when(virtual.toI32().and(0xfff).add(bytes).gtU(4096), () => returns(u32(0)));
    return rememberedWrite(virtual);
  },
);

const CELLS = { 1: "u8", 2: "u16", 4: "u32", 8: "i64" } as const;

export const missedReads = { 1: missedRead(1), 2: missedRead(2), 4: missedRead(4), 8: missedRead(8) };
export const missedWrites = { 1: missedWrite(1), 2: missedWrite(2), 4: missedWrite(4), 8: missedWrite(8) };

/** Everything here that the main module must have, whether or not the interpreter calls it. */
export const slowPaths = [
  publish,
  rememberedCode,
  readableAt,
  writableAt,
  ...Object.values(missedReads),
  ...Object.values(missedWrites),
].map((p) => p.procedure);
