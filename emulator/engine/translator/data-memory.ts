/** How a region reaches guest memory: what `PagedMemory` and `FlatMemory` have in common. */
import type { Procedure } from "../../language/procedure.ts";
import type { Code } from "../../wasm/code.ts";
import type { Group } from "./group.ts";

/** Finds where in machine memory groups of accesses lie. */
export interface DataMemory {
  /** To be added to what `find` pushes. */
  readonly base: number;
  /** Before the first access of the region. */
  begin(): void;
  /** After a call, in which other regions have executed. */
  resume(): void;
  /**
   * Pushes where a group begins, less `base`; its guest address is in the frame's `address`. Calls `leave`, which leaves
   * the region, where the interpreter must make the group's first access.
   */
  find(group: Group, leave: () => void): void;
}

/** The function that accesses are made in. */
export interface Frame {
  readonly code: Code;
  /** The local with the address of the group that is looked for. */
  readonly address: number;
  /** Pushes the address of the hart's state. */
  hart(): Code;
  call(procedure: Procedure): void;
}
