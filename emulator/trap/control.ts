import { hook } from "../language/procedure.ts";

/**
 * Tells engines that what they look at between instructions has changed: mode and translation, interrupts pending and
 * enabled, the time at which a timer fires. What `synchronise` says of an instruction as a whole, this says at run time.
 */
export const controlChanged = hook("controlChanged", {});
