/**
 * Cache blocks (cache-management specification, 2.5 to 2.7). The machine has no caches, memory always holds what was
 * stored last: of managing a block only the exceptions remain.
 */
import type { I32, I64 } from "../language/expression.ts";
import { u32 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, raise, when } from "../language/statement.ts";
import { Cause } from "../trap/cause.ts";
import { Access } from "./access.ts";
import { checkWritable, clearPhysical, inRam } from "./physical.ts";
import { whenDenied } from "./pmp.ts";
import { translate } from "./translate.ts";
import { dataMode } from "./virtual.ts";

/** Bytes of a cache block (Zic64b). Blocks are aligned, so that none crosses a page. */
const BLOCK_BYTES = 64;

const blockOf = (address: I64): I64 => address.and(-BLOCK_BYTES);

/** Translates an address and protects the whole block around it; gives the physical address. */
const place = (virtual: I64, access: I32): I64 => {
  const mode = local(dataMode());
  const physical = local(translate({ virtual, access, mode }));
  const block = { address: blockOf(physical), bytes: BLOCK_BYTES };
  whenDenied({ ...block, access, mode }, () => raise(Cause.storeAccess, virtual));
  return physical;
};

/** Checks the block around an address for cbo.clean, cbo.flush or cbo.inval; a fault reports that address. */
export const manageBlock = procedure("manageBlock", { virtual: "i64" }, "none", ({ virtual }) => {
  const physical = place(virtual, u32(Access.manage));
  // Wherever a load or a store may go, to a device too (2.5.2).
  checkWritable({ address: physical.and(-4), bytes: 4, cause: Cause.storeAccess, virtual });
});

/** Sets the block around an address to zero; a fault reports that address. Devices have no such access. */
export const zeroBlock = procedure("zeroBlock", { virtual: "i64" }, "none", ({ virtual }) => {
  const address = local(blockOf(place(virtual, u32(Access.write))));
  when(inRam(address, u32(BLOCK_BYTES)).isZero(), () => raise(Cause.storeAccess, virtual));
  clearPhysical({ address, bytes: BLOCK_BYTES });
});
