/** A state of the machine, (E, M, P, R) in Popek and Goldberg's notation, ready to be laid into it. */
import type { PrivilegeMode } from "../../emulator/board/machine.ts";
import type { Context } from "./contexts.ts";
import type { Entry } from "./memory.ts";
import type { Resources } from "./resources.ts";

export interface State {
  readonly context: Context;
  readonly mode: PrivilegeMode;
  readonly resources: Resources;
  /** The hart as it lies in machine memory: registers and CSRs, and the TLB. */
  readonly registers: Uint8Array;
  /** The registers and CSRs as 32-bit words. */
  readonly words: Int32Array;
  readonly tlb: Uint8Array;
  /** Page-table entries that depend on the mode. */
  readonly leaves: readonly Entry[];
  /** Physical addresses of the code and data pages. */
  readonly codeAt: bigint;
  readonly dataAt: bigint;
}
