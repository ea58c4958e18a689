/** What translated code calls when it cannot go on by itself: procedures of the main module. */
import { cell64, type I32, type I64, select32, u32 } from "../../language/expression.ts";
import { procedure } from "../../language/procedure.ts";
import { local, returns, storeCell, when } from "../../language/statement.ts";
import { readVirtual, writeVirtual } from "../../memory/virtual.ts";
import {
  advance,
  counted,
  foundPage,
  foundTarget,
  rememberedCode,
  rememberedRead,
  rememberedWrite,
  storeToCode,
  translatedSlots,
  uncountData,
} from "../interpreter/lookaside.ts";

/** Counts the slots before the current instruction; `budget` slots were left when it began. */
export const publish = procedure("publish", { budget: "i32" }, "none", ({ budget }) => {
  const slots = local(counted.get().sub(budget));
  translatedSlots.set(translatedSlots.get().add(slots.toU64()));
  advance({ slots });
  counted.set(budget);
});

export { rememberedCode };

const withinPage = (virtual: I64, bytes: number): I32 =>
  virtual
    .toI32()
    .and(0xfff)
    .leU(4096 - bytes);

/** Tells the region where the page of an access is. */
const tell = (virtual: I64, target: I32): void => {
  foundPage.set(virtual.and(-4096n));
  foundTarget.set(target);
};

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
        tell(virtual, target);
        returns(cell64(CELLS[bytes], target.add(virtual.toI32())));
      });
    });
    lookUpAnew(budget);
    const value = local(readVirtual({ virtual, bytes }));
    tell(virtual, local(rememberedRead(virtual)));
    return value;
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
          tell(virtual, target);
          storeCell(CELLS[bytes], target.add(virtual.toI32()), value);
          returns();
        });
      });
      when(storeToCode({ virtual, bytes, value }), () => returns());
      lookUpAnew(budget);
      writeVirtual({ virtual, bytes, value });
      tell(virtual, local(rememberedWrite(virtual)));
    },
  );

/**
 * What added to an address gives its place, and that of the bytes after it, which lie on two pages; 0 where that is not
 * remembered, or not the same for both. `offset` is how far the address is from a register's value: if that is no
 * multiple of 8, an access at it may lie on both pages, which are then looked up one after the other.
 */
const across = (name: string, remembered: (virtual: I64) => I32) =>
  procedure(name, { virtual: "i64", bytes: "i32", offset: "i32" }, "i32", ({ virtual, bytes, offset }) => {
    when(virtual.toI32().sub(offset).and(7), () => returns(u32(0)));
    const first = local(remembered(virtual));
    const second = remembered(virtual.add(bytes.toU64()).sub(1));
    return select32(first.eq(second), first, 0);
  });

export const readAcross = across("readAcross", rememberedRead);
export const writeAcross = across("writeAcross", rememberedWrite);

const CELLS = { 1: "u8", 2: "u16", 4: "u32", 8: "i64" } as const;

export const missedReads = { 1: missedRead(1), 2: missedRead(2), 4: missedRead(4), 8: missedRead(8) };
export const missedWrites = { 1: missedWrite(1), 2: missedWrite(2), 4: missedWrite(4), 8: missedWrite(8) };

/** Everything here that the main module must have, whether or not the interpreter calls it. */
export const slowPaths = [
  publish,
  rememberedCode,
  readAcross,
  writeAcross,
  ...Object.values(missedReads),
  ...Object.values(missedWrites),
].map((p) => p.procedure);
