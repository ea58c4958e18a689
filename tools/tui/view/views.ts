/** Every view there is. */
import type { ViewName } from "../layout.ts";
import { disassemblyView } from "./disassembly.ts";
import { csrView, floatView, integerView } from "./registers.ts";
import { translationView } from "./translation.ts";
import { trapView } from "./traps.ts";
import type { View } from "./view.ts";

export const views: Readonly<Record<ViewName, View>> = {
  registers: integerView,
  code: disassemblyView,
  traps: trapView,
  translation: translationView,
  csrs: csrView,
  floats: floatView,
};
