/** Why a run ended. */

export interface RepeatingTrap {
  readonly hart: number;
  readonly cause: bigint;
  readonly pc: bigint;
  readonly tval: bigint;
}

export type Stop =
  /** The instruction limit of this call was reached. */
  | { readonly reason: "limit" }
  /** Every hart waits for an interrupt; `ticks` of guest time pass until the next timer fires (undefined: none is set). */
  | { readonly reason: "idle"; readonly ticks: bigint | undefined }
  /**
   * The guest switched itself off; `status` is what a process would exit with, `code` the number the guest gave, where it
   * gave one, which may be larger.
   */
  | { readonly reason: "power-off"; readonly status: number; readonly code?: bigint }
  | { readonly reason: "reboot" }
  /** A hart reached an address in `breakpoints`. */
  | { readonly reason: "breakpoint"; readonly hart: number; readonly pc: bigint }
  /** A hart traps for ever at its own trap handler, with no instruction retired in between. */
  | { readonly reason: "stuck"; readonly trap: RepeatingTrap };
