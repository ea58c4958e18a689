/** Kinds of access, as the permission bits they need, and the exceptions they end in. */
import type { I32 } from "../language/expression.ts";
import { select32 } from "../language/expression.ts";

/**
 * Also the bit numbers (less one) of R, W and X in a page-table entry, and their values in a PMP configuration. Managing
 * a cache block needs R or W.
 */
export const Access = { read: 1, write: 2, manage: 3, execute: 4 } as const;

const faultsAsStore = (access: I32): I32 => access.and(Access.write).ne(0);

/** Load, store or instruction access fault. */
export const accessFault = (access: I32): I32 =>
  select32(access.eq(Access.read), 5, select32(faultsAsStore(access), 7, 1));

/** Load, store or instruction page fault. */
export const pageFault = (access: I32): I32 =>
  select32(access.eq(Access.read), 13, select32(faultsAsStore(access), 15, 12));
