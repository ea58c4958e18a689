/** What the interpreter calls when an instruction cannot go on by itself. */
import { procedure } from "../../language/procedure.ts";
import { local, returns, when } from "../../language/statement.ts";
import { readVirtual, writeVirtual } from "../../memory/virtual.ts";
import { advance, countData, counted, storeToCode } from "./lookaside.ts";

/** Counts the slots before the current instruction's; `budget` slots are left after it. */
export const countBefore = procedure("countBefore", { budget: "i32" }, "none", ({ budget }) => {
  const slots = local(counted.get().sub(budget).sub(1));
  counted.set(counted.get().sub(slots));
  advance({ slots });
});

/** A load, zero-extended, whose page is not remembered. */
export const slowRead = procedure(
  "slowRead",
  { virtual: "i64", bytes: "i32", budget: "i32" },
  "i64",
  ({ virtual, bytes, budget }) => {
    countBefore({ budget });
    return readVirtual({ virtual, bytes });
  },
);

/** A store whose page is not remembered, or holds code. */
export const slowWrite = procedure(
  "slowWrite",
  { virtual: "i64", bytes: "i32", value: "i64", budget: "i32" },
  "none",
  ({ virtual, bytes, value, budget }) => {
    when(storeToCode(virtual, bytes, value), () => {
      countData();
      returns();
    });
    countBefore({ budget });
    writeVirtual({ virtual, bytes, value });
  },
);
