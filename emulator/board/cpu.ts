/** The processor's description as a user writes it: extensions switched on and off, and the shape of the TLB. */
import type { CpuOptions } from "./options.ts";

/** Extensions that can be switched, with what they bring. RV64IMAFDC itself is always there. */
export const extensions: ReadonlyMap<string, string> = new Map([
  ["zba", "address generation (sh1add, sh2add, sh3add)"],
  ["zbb", "basic bit manipulation (clz, cpop, rev8, rol)"],
  ["zbs", "single-bit instructions (bset, bclr, bext, binv)"],
  ["zicsr", "CSR instructions"],
  ["zifencei", "fence.i"],
  ["zicntr", "cycle, time and instret counters"],
  ["zihpm", "hardware performance counters"],
  ["zihintpause", "pause hint"],
  ["sstc", "supervisor timer compare (stimecmp)"],
  ["svinval", "fine-grained TLB invalidation"],
  ["sv39", "39-bit virtual addresses"],
  ["sv48", "48-bit virtual addresses"],
  ["sv57", "57-bit virtual addresses"],
]);

const switches = "svadu (A and D bits updated by hardware)";
/** Each translation mode requires the narrower ones before it (privileged specification, 4.5 and 4.6). */
const translationModes = ["sv39", "sv48", "sv57"];
const maximumSets = 1024;
const maximumWays = 16;

/** A processor description that cannot be understood; the message says which part and what would be right. */
export class CpuError extends Error {
  override readonly name = "CpuError";
}

/** What a machine has when nothing else is asked for. */
export const defaultCpu: CpuOptions = {
  extensions: new Set(extensions.keys()),
  svadu: true,
  tlbSets: 128,
  tlbWays: 4,
};

/**
 * Reads a comma-separated list such as "no-zba,svadu,tlb=64x2" on top of `defaultCpu`. `NAME` or `NAME=on` switches
 * an extension on, `no-NAME` or `NAME=off` off; `sv39`, `sv48` and `sv57` name the widest translation mode there is;
 * `tlb=SETSxWAYS` shapes the TLB. Throws `CpuError`.
 */
export function parseCpu(list: string): CpuOptions {
  const chosen = new Set(defaultCpu.extensions);
  let { svadu, tlbSets, tlbWays } = defaultCpu;
  for (const item of list.split(",").map((part) => part.trim().toLowerCase())) {
    if (item === "") continue;
    if (item.startsWith("tlb=")) {
      [tlbSets, tlbWays] = parseGeometry(item.slice("tlb=".length));
      continue;
    }
    const { name, on } = parseSwitch(item);
    if (name === "svadu") svadu = on;
    else if (translationModes.includes(name)) limitTranslation(chosen, name, on);
    else if (!extensions.has(name)) throw new CpuError(unknownExtension(name));
    else if (on) chosen.add(name);
    else chosen.delete(name);
  }
  return { extensions: chosen, svadu, tlbSets, tlbWays };
}

function parseSwitch(item: string): { name: string; on: boolean } {
  if (item.startsWith("no-")) return { name: item.slice("no-".length), on: false };
  const [name = "", value = "on"] = item.split("=", 2);
  if (value !== "on" && value !== "off") {
    throw new CpuError(`"${item}": an extension is "on" or "off", not "${value}"`);
  }
  return { name, on: value === "on" };
}

function limitTranslation(chosen: Set<string>, name: string, on: boolean): void {
  const widest = translationModes.indexOf(name) - (on ? 0 : 1);
  if (widest < 0)
    throw new CpuError("sv39 cannot be switched off: it is the narrowest translation mode there is");
  translationModes.forEach((mode, index) => {
    if (index <= widest) chosen.add(mode);
    else chosen.delete(mode);
  });
}

function parseGeometry(text: string): [sets: number, ways: number] {
  const match = /^(\d+)x(\d+)$/.exec(text);
  if (!match) throw new CpuError(`"tlb=${text}": a TLB is SETSxWAYS, for example tlb=128x4`);
  const sets = Number(match[1]);
  const ways = Number(match[2]);
  if (sets < 1 || sets > maximumSets || !Number.isInteger(Math.log2(sets))) {
    throw new CpuError(`"tlb=${text}": the number of sets is a power of two from 1 to ${maximumSets}`);
  }
  if (ways < 1 || ways > maximumWays) {
    throw new CpuError(`"tlb=${text}": the number of ways is from 1 to ${maximumWays}`);
  }
  return [sets, ways];
}

function unknownExtension(name: string): string {
  return `unknown extension "${name}"; there are ${[...extensions.keys()].join(", ")}, ${switches} and tlb=SETSxWAYS`;
}
