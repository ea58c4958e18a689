/** What translated code calls when it cannot go on by itself: procedures of the main module. */
import { cell32, type I32, type I64, select32, setting32, u32 } from "../../language/expression.ts";
import { procedure } from "../../language/procedure.ts";
import { local, returns, storeCell, when } from "../../language/statement.ts";
import { Access } from "../../memory/access.ts";
import { NOTICED, PageFlag, ramOffset } from "../../memory/physical.ts";
import { NOWHERE, translateCached } from "../../memory/translate.ts";
import { dataMode, readVirtual, writeVirtual } from "../../memory/virtual.ts";
import type { AccessBytes } from "../guest-access.ts";
import { forgetAhead } from "../interpreter/decoded-code.ts";
import {
  counted,
  PageSlot,
  pass,
  rememberAccess,
  rememberedCode,
  rememberedCodeWrite,
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
  pass(slots);
  counted.set(budget);
});

/** Makes ready for a group's stores to a page of RAM that has a flag; gives 0 where the interpreter must make them. */
export const makeStorable = procedure(
  "makeStorable",
  { offset: "i32", bytes: "i32" },
  "i32",
  ({ offset, bytes }) => {
    const noticed = local(cell32("u8", offset.shrU(12).add(setting32("pageFlags"))).and(NOTICED));
    when(noticed.eq(PageFlag.code), () => returns(forgetAhead({ offset, bytes })));
    return noticed.isZero();
  },
);

/**
 * What added to an address gives its place, and that of the bytes after it; 0 where that takes the interpreter: they are
 * not in RAM, not in the TLB, or lie on two pages that hold code or are not side by side. `offset` is how far the address
 * is from a register's value: if that is no multiple of the widest access, one may lie on both pages, which are then
 * looked up one after the other. What is found is kept in a page slot (0: in none) with its limit. Counts nothing.
 */
const find = (
  name: string,
  access: number,
  remembered: (virtual: I64) => I32,
  inCode: (virtual: I64, bytes: I32) => void,
) => {
  const anew = procedure(`${name}Anew`, { virtual: "i64" }, "i32", ({ virtual }) => {
    const mode = local(dataMode());
    const physical = local(translateCached({ virtual, access, mode }));
    when(physical.eq(NOWHERE), () => returns(u32(0)));
    rememberAccess({ virtual, physical, access, mode });
    return remembered(virtual);
  });
  const pageAt = (virtual: I64) => {
    const target = local(remembered(virtual));
    when(target.isZero(), () => target.set(anew({ virtual })));
    return target;
  };
  return procedure(
    name,
    { virtual: "i64", bytes: "i32", offset: "i32", widest: "i32", slot: "i32", limit: "i32" },
    "i32",
    ({ virtual, bytes, offset, widest, slot, limit }) => {
      const crosses = local(virtual.toI32().and(0xfff).add(bytes).gtU(4096));
      when(crosses.isZero(), () => inCode(virtual, bytes));
      const target = pageAt(virtual);
      when(crosses, () => {
        when(virtual.toI32().sub(offset).and(widest.sub(1)), () => returns(u32(0)));
        const second = pageAt(local(virtual.add(bytes.toU64()).sub(1)));
        when(target.ne(second), () => returns(u32(0)));
      });
      when(slot.ne(0).and(target.ne(0)), () => {
        storeCell("i64", slot, virtual.and(-4096n), PageSlot.page);
        storeCell("i64", slot, limit.toU64(), PageSlot.limit);
        storeCell("i32", slot, target, PageSlot.target);
      });
      return target;
    },
  );
};

/** Ends `find` where a page of code is remembered, which is kept in no slot: each group of stores must come here. */
const findInCode = (virtual: I64, bytes: I32): void => {
  const target = local(rememberedCodeWrite(virtual));
  when(target, () => {
    const offset = ramOffset(virtual.toI32().add(target));
    returns(select32(makeStorable({ offset, bytes }), target, 0));
  });
};

export const findForLoads = find("findForLoads", Access.read, rememberedRead, () => {});
export const findForStores = find("findForStores", Access.write, rememberedWrite, findInCode);

/** The access is looked up anew, by rules that know neither tables nor counts made in advance. */
const lookUpAnew = (budget: I32): void => {
  uncountData();
  publish({ budget });
};

/** A load, zero-extended, of an operation that cannot be begun again. Raises what `readVirtual` does. */
const anyRead = (bytes: AccessBytes) =>
  procedure(`anyRead${bytes}`, { virtual: "i64", budget: "i32" }, "i64", ({ virtual, budget }) => {
    lookUpAnew(budget);
    return readVirtual({ virtual, bytes });
  });

/** A store of an operation that cannot be begun again. Raises what `writeVirtual` does. */
const anyWrite = (bytes: AccessBytes) =>
  procedure(
    `anyWrite${bytes}`,
    { virtual: "i64", value: "i64", budget: "i32" },
    "none",
    ({ virtual, value, budget }) => {
      when(storeToCode(virtual, u32(bytes), value), () => returns());
      lookUpAnew(budget);
      writeVirtual({ virtual, bytes, value });
    },
  );

export const anyReads = { 1: anyRead(1), 2: anyRead(2), 4: anyRead(4), 8: anyRead(8) };
export const anyWrites = { 1: anyWrite(1), 2: anyWrite(2), 4: anyWrite(4), 8: anyWrite(8) };

/** Everything here that the main module must have, whether or not the interpreter calls it. */
export const slowPaths = [
  publish,
  rememberedCode,
  makeStorable,
  findForLoads,
  findForStores,
  ...Object.values(anyReads),
  ...Object.values(anyWrites),
].map((p) => p.procedure);
