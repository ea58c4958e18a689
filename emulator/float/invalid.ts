/** Results that are not numbers. */
import type { I32, I64 } from "../language/expression.ts";
import { u64 } from "../language/expression.ts";
import { returns, when } from "../language/statement.ts";
import { accrue, Flag } from "./environment.ts";
import type { Format } from "./format.ts";
import { isNan, isSignaling } from "./value.ts";

const any = (conditions: readonly I32[]): I32 => conditions.reduce((a, b) => a.or(b));

/** Leaves the procedure with a NaN if an operand is one; signalling operands raise invalid. */
export function propagateNaN(format: Format, ...operands: readonly I64[]): void {
  when(any(operands.map((bits) => isNan(format, bits))), () => {
    when(any(operands.map((bits) => isSignaling(format, bits))), () => accrue(Flag.invalid));
    returns(u64(format.canonicalNaN));
  });
}

/** Leaves the procedure with a NaN because the operation has no other result. */
export function invalid(format: Format): void {
  accrue(Flag.invalid);
  returns(u64(format.canonicalNaN));
}
