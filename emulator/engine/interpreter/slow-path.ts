/** What the interpreter calls when an instruction cannot go on by itself. */
import type { I32 } from "../../language/expression.ts";
import { procedure } from "../../language/procedure.ts";
import { local, returns, when } from "../../language/statement.ts";
import { readVirtual, writeVirtual } from "../../memory/virtual.ts";
import { countData, counted, pass, storeToCode } from "./lookaside.ts";

/** Counts the slots before the current instruction's; `budget` slots are left after it. */
const passBefore = (budget: I32): void => {
  const left = local(budget.add(1));
  pass(local(counted.get().sub(left)));
  counted.set(left);
};

/** The same, for those who call. */
export const countBefore = procedure("countBefore", { budget: "i32" }, "none", ({ budget }) =>
  passBefore(budget),
);

/** A load, zero-extended, whose page is not remembered. */
export const slowRead = procedure(
  "slowRead",
  { virtual: "i64", bytes: "i32", budget: "i32" },
  "i64",
  ({ virtual, bytes, budget }) => {
    passBefore(budget);
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
    passBefore(budget);
    writeVirtual({ virtual, bytes, value });
  },
);
