/** Exact products of significands. */
import type { I64 } from "../language/expression.ts";
import type { Local64 } from "../language/statement.ts";
import { local } from "../language/statement.ts";
import type { Format } from "./format.ts";

/** True where 64 bits hold a product of significands, or a quotient with the bits that rounding needs. */
export const isNarrow = (format: Format): boolean => format.fractionBits <= 29;

/** A 128-bit number. */
export interface Wide {
  readonly high: Local64;
  readonly low: Local64;
}

/** The whole product of two 64-bit numbers, by the schoolbook method on 32-bit digits. */
export function wideProduct(a: Local64, b: Local64): Wide {
  const lowest = local(a.low32().mul(b.low32()));
  const lower = local(a.shrU(32).mul(b.low32()).add(lowest.shrU(32)));
  const upper = local(a.low32().mul(b.shrU(32)).add(lower.low32()));
  return {
    high: local(a.shrU(32).mul(b.shrU(32)).add(lower.shrU(32)).add(upper.shrU(32))),
    low: local(upper.shl(32).or(lowest.low32())),
  };
}

/** The upper half, bit 0 set where the lower half is not zero. */
export const collapse = ({ high, low }: Wide): I64 => high.or(low.ne(0).toU64());
