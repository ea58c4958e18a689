/** Address spaces in which a session's code can execute: as it lies for S-mode, one gibibyte higher for U-mode. */
import type { Mode } from "./address-space.ts";
import { AddressSpace } from "./address-space.ts";
import { RAM } from "./image.ts";
import type { Session } from "./session.ts";

const USER_CODE = 0xc000_0000n;
const GIBIBYTE_LEVEL = 2;

/** An address space with the session's code in it. */
export function codeSpace(s: Session, mode: Mode, asid: number): AddressSpace {
  const space = new AddressSpace(s.image, s.tables, mode, asid);
  space.map(RAM, RAM, "vrwxad", GIBIBYTE_LEVEL);
  space.map(USER_CODE, RAM, "vrwxuad", GIBIBYTE_LEVEL);
  return space;
}
