/** Machine memory with one hart, a little RAM and no devices, to make an engine's parts in. */
import { parseCpu } from "../../../board/cpu.ts";
import { defaultOptions } from "../../../board/options.ts";
import { placeMachine } from "../../../board/placement.ts";
import { resetHart } from "../../../board/reset.ts";
import { RAM_BASE } from "../../../memory/physical.ts";
import type { Configuration } from "../../engine.ts";

const cpu = parseCpu("max");
/** Where everything is in it, with so many bytes of RAM. */
export const placementWith = (ramBytes: number) =>
  placeMachine({ ...defaultOptions, engine: "auto", cpu, harts: 1, memory: ramBytes });
export const placement = placementWith(0x10000);
const absent = () => 0;

/** What an engine is made of, with the hart at the beginning of RAM. */
export function emptyMachine({ bytes, settings, harts } = placement): {
  readonly configuration: Configuration;
  readonly view: DataView;
} {
  const memory = new WebAssembly.Memory({ initial: bytes / 65536 });
  const host = { deviceAt: absent, deviceRead: absent, deviceWrite: absent, storeObserved: absent };
  const view = new DataView(memory.buffer);
  for (const hart of harts) resetHart(view, hart, 0, cpu, RAM_BASE);
  return { configuration: { memory, settings, cpu, host, harts }, view };
}
