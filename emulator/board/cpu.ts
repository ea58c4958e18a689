/** The processor's description as a user writes it: extensions switched on and off, and the shape of the TLB. */
import type { CpuOptions } from "./options.ts";

/** What RV64GC has beyond the letters IMAFDC: the parts of G that became extensions of their own, and translation. */
const general = [
  ["zicsr", "CSR instructions"],
  ["zifencei", "fence.i"],
  ["zicntr", "cycle, time and instret counters"],
  ["sv39", "39-bit virtual addresses"],
] as const;

/** What the profile RVA22S64 (RISC-V profiles 1.0, 4.2) requires beyond that, and Svnapot of its options. */
const application = [
  ["zba", "address generation (sh1add, sh2add, sh3add)"],
  ["zbb", "basic bit manipulation (clz, cpop, rev8, rol)"],
  ["zbs", "single-bit instructions (bset, bclr, bext, binv)"],
  ["zfhmin", "half-precision loads, stores, moves and conversions"],
  ["zicbom", "cache-block management (cbo.clean, cbo.flush, cbo.inval)"],
  ["zicbop", "cache-block prefetch hints (prefetch.i, prefetch.r, prefetch.w)"],
  ["zicboz", "cache-block zero (cbo.zero)"],
  ["zihintpause", "pause hint"],
  ["zihpm", "hardware performance counters"],
  ["svinval", "fine-grained TLB invalidation"],
  ["svnapot", "64 KiB pages of naturally aligned page-table entries"],
  ["svpbmt", "page-based memory types"],
] as const;

/** Options that Linux and other supervisors profit from, so that they are on by default. */
const supervisor = [
  ["sstc", "supervisor timer compare (stimecmp)"],
  ["sv48", "48-bit virtual addresses"],
  ["sv57", "57-bit virtual addresses"],
] as const;

/** Options that are off by default. */
const further = [
  ["zbc", "carry-less multiplication (clmul, clmulh, clmulr)"],
  ["zbkb", "bit manipulation for cryptography (pack, packh, brev8)"],
  ["zbkc", "carry-less multiplication for cryptography (clmul, clmulh)"],
  ["zbkx", "crossbar permutations (xperm4, xperm8)"],
  ["zcb", "further compressed instructions (c.lbu, c.mul, c.not)"],
  ["zfh", "half-precision arithmetic"],
  ["zicond", "conditional operations (czero.eqz, czero.nez)"],
] as const;

/** Extensions that can be switched, with what they bring. RV64IMAFDC itself is always there. */
export const extensions: ReadonlyMap<string, string> = new Map([
  ...general,
  ...application,
  ...supervisor,
  ...further,
]);

/**
 * What is true of every machine here and has no switch: promises of the profile about what others leave open. Zkt is
 * among them because how long an instruction takes, one slot, depends on no data.
 */
export const properties: ReadonlyMap<string, string> = new Map([
  ["za64rs", "reservations of at most 64 bytes"],
  ["ziccamoa", "main memory has all atomics"],
  ["ziccif", "instructions are fetched whole"],
  ["zicclsm", "misaligned loads and stores of main memory work"],
  ["ziccrse", "LR and SC make progress"],
  ["zkt", "execution time independent of data"],
  ["ssccptr", "page tables may lie in all of main memory"],
  ["sscounterenw", "scounteren is writable for every counter there is"],
  ["sstvala", "stval tells the faulting address or instruction"],
  ["sstvecd", "stvec takes every aligned address, in direct mode"],
  ["ssu64xl", "user mode is 64 bits wide"],
  ["svbare", "translation can be off"],
]);

/** What an extension cannot be without. */
const requirements: ReadonlyMap<string, string> = new Map([["zfh", "zfhmin"]]);

const namesOf = (...groups: readonly (readonly (readonly [string, string])[])[]) =>
  new Set(groups.flatMap((group) => group.map(([name]) => name)));

const rest = { leaky: false, tlbSets: 128, tlbWays: 4 };

/** What a list can begin with. */
const bases: ReadonlyMap<string, CpuOptions> = new Map([
  ["rv64gc", { extensions: namesOf(general), svadu: false, ...rest }],
  ["rva22s64", { extensions: namesOf(general, application), svadu: false, ...rest }],
  ["max", { extensions: new Set(extensions.keys()), svadu: true, ...rest }],
]);

/** The names that a list for `parseCpu` can begin with. */
export const cpuBases: readonly string[] = [...bases.keys()];

const switches = "svadu (A and D bits updated by hardware), leaky (U-mode is not trapped)";
/** Each translation mode requires the narrower ones before it (privileged specification, 4.5 and 4.6). */
const translationModes = ["sv39", "sv48", "sv57"];
const maximumSets = 1024;
const maximumWays = 16;

/** A processor description that cannot be understood; the message says which part and what would be right. */
export class CpuError extends Error {
  override readonly name = "CpuError";
}

/**
 * What a machine has when nothing else is asked for: RVA22S64 with the options that supervisors profit from. Svadu is
 * one of them though the profile names Svade, because kernels such as xv6 leave A and D clear.
 */
export const defaultCpu: CpuOptions = {
  extensions: namesOf(general, application, supervisor),
  svadu: true,
  ...rest,
};

/**
 * Reads a comma-separated list such as "rva22s64,sstc" or "no-zba,tlb=64x2". It may begin with a base: `rv64gc` (no
 * more than that), `rva22s64` (the profile), `max` (everything); without one it changes `defaultCpu`. `NAME` or
 * `NAME=on` switches an extension, svadu or leaky on, `no-NAME` or `NAME=off` off; `sv39`, `sv48` and `sv57` name the
 * widest translation mode there is; `tlb=SETSxWAYS` shapes the TLB. Throws `CpuError`.
 */
export function parseCpu(list: string): CpuOptions {
  const items = list.split(",").map((part) => part.trim().toLowerCase());
  const base = bases.get(items[0] ?? "");
  const chosen = new Set((base ?? defaultCpu).extensions);
  let { svadu, leaky, tlbSets, tlbWays } = base ?? defaultCpu;
  for (const item of base === undefined ? items : items.slice(1)) {
    if (item === "") continue;
    if (bases.has(item)) throw new CpuError(`"${item}" is what a list begins with; write it first`);
    if (item.startsWith("tlb=")) {
      [tlbSets, tlbWays] = parseGeometry(item.slice("tlb=".length));
      continue;
    }
    const { name, on } = parseSwitch(item);
    if (name === "svadu") svadu = on;
    else if (name === "leaky") leaky = on;
    else if (properties.has(name)) requireProperty(name, on);
    else if (translationModes.includes(name)) limitTranslation(chosen, name, on);
    else if (!extensions.has(name)) throw new CpuError(unknownExtension(name));
    else switchExtension(chosen, name, on);
  }
  return { extensions: chosen, svadu, leaky, tlbSets, tlbWays };
}

/** Switches an extension on together with what it requires, or off together with what requires it. */
function switchExtension(chosen: Set<string>, name: string, on: boolean): void {
  if (on) {
    chosen.add(name);
    const required = requirements.get(name);
    if (required !== undefined) chosen.add(required);
    return;
  }
  chosen.delete(name);
  for (const [dependent, required] of requirements) if (required === name) chosen.delete(dependent);
}

function parseSwitch(item: string): { name: string; on: boolean } {
  if (item.startsWith("no-")) return { name: item.slice("no-".length), on: false };
  const [name = "", value = "on"] = item.split("=", 2);
  if (value !== "on" && value !== "off") {
    throw new CpuError(`"${item}": an extension is "on" or "off", not "${value}"`);
  }
  return { name, on: value === "on" };
}

function requireProperty(name: string, on: boolean): void {
  if (!on)
    throw new CpuError(`${name} cannot be switched off (${properties.get(name)}): every machine here has it`);
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
  const known = [...extensions.keys()].join(", ");
  return (
    `unknown extension "${name}"; there are ${known}, ${switches} and tlb=SETSxWAYS, ` +
    `to begin with perhaps one of ${cpuBases.join(", ")}`
  );
}
