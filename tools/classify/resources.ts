/** What a program shares with others and a monitor must control: Popek and Goldberg's resources, other than the mode. */
import type { Csr } from "../../emulator/isa/csr.ts";
import { relocations } from "./memory.ts";

export interface Resources {
  /** How they differ from the first in the list, to follow "with". */
  readonly label: string;
  /** CSRs and their values, written by the rules of their fields on top of `COMMON`. */
  readonly csrs: Readonly<Record<string, bigint>>;
  readonly relocation: 0 | 1 | 2;
  readonly asid: bigint;
  /** The supervisor registers deny U-mode what they can, as a monitor would have them. */
  readonly held: boolean;
  /** Data pages belong to U-mode though S-mode accesses them (SUM). */
  readonly userData: boolean;
  /** Slots gone by, and instructions retired. */
  readonly clock: bigint;
  readonly hart: number;
  /** Interrupt lines, as bits of mip. */
  readonly lines: bigint;
}

const ONES = (1n << 64n) - 1n;
const FS_DIRTY = 3n << 13n;
const SIE = 1n << 1n;
const SPIE = 1n << 5n;
const SPP = 1n << 8n;
const MPP_S = 1n << 11n;
const MPRV = 1n << 17n;
const SUM = 1n << 18n;
const MXR = 1n << 19n;
const TVM = 1n << 20n;
const TW = 1n << 21n;
const TSR = 1n << 22n;
const SUPERVISOR_INTERRUPTS = 0x222n;

/** Memory for all modes, by the last entry: those before it can be varied and still leave memory open. */
export const OPEN_MEMORY = { pmpaddr15: ONES, pmpcfg2: 0x1fn << 56n } as const;

/** Everything is allowed, nothing is pending, memory is open to all modes, floating point is on. */
const COMMON: Readonly<Record<string, bigint>> = {
  mstatus: FS_DIRTY,
  menvcfg: ONES,
  senvcfg: ONES,
  mcounteren: ONES,
  scounteren: ONES,
  mideleg: SUPERVISOR_INTERRUPTS,
  stimecmp: ONES,
  ...OPEN_MEMORY,
};

const base: Resources = {
  label: "nothing special",
  csrs: COMMON,
  relocation: 0,
  asid: 0n,
  held: false,
  userData: false,
  clock: 1000n,
  hart: 0,
  lines: 0n,
};

const changed = (label: string, change: Partial<Resources>): Resources => ({
  ...base,
  ...change,
  label,
  csrs: { ...COMMON, ...change.csrs },
});

const status = (label: string, bits: bigint, change: Partial<Resources> = {}) =>
  changed(label, { ...change, csrs: { ...change.csrs, mstatus: FS_DIRTY | bits } });

const held = { held: true, csrs: { scounteren: 0n, senvcfg: 0n } } as const;

/** The first is what the others are a variation of. */
export const resources: readonly Resources[] = [
  base,
  status("sstatus.SPP=1", SPP),
  status("sstatus.SIE=1", SIE),
  status("sstatus.SUM=1", SUM),
  status("sstatus.MXR=1", MXR),
  status("mstatus.MPP=S", MPP_S),
  status("mstatus.MPRV=1", MPRV | MPP_S),
  status("mstatus.TVM=1", TVM),
  status("mstatus.TW=1", TW),
  status("mstatus.TSR=1", TSR),
  changed("mstatus.FS=off", { csrs: { mstatus: 0n } }),
  changed("sepc and mepc elsewhere", { csrs: { sepc: 0x8000_3000n, mepc: 0x8000_3004n } }),
  changed("more time gone by", { clock: 123_456_789n }),
  changed("another hart's number", { hart: 1 }),
  changed("interrupts pending", { lines: SUPERVISOR_INTERRUPTS, csrs: { mip: ONES } }),
  changed("interrupts pending, enabled in sie", {
    lines: SUPERVISOR_INTERRUPTS,
    csrs: { mie: SUPERVISOR_INTERRUPTS },
  }),
  changed("exceptions delegated", { csrs: { medeleg: ONES } }),
  changed("mcounteren=0, menvcfg=0", { csrs: { mcounteren: 0n, menvcfg: 0n } }),
  changed("translation by satp", { relocation: 1, asid: 1n }),
  changed("translation to elsewhere", { relocation: 2, asid: 2n }),
  status("translation, SUM=1, data in U-mode's pages", SUM, { relocation: 1, asid: 1n, userData: true }),
  status("translation, MPRV=1", MPRV | MPP_S, { relocation: 2, asid: 1n }),
  changed("scounteren=0, senvcfg=0", held),
  changed("scounteren=0, senvcfg=0, translation", { ...held, relocation: 2, asid: 3n }),
  status("scounteren=0, senvcfg=0, more time gone by, SPP=1", SPP | SPIE | TVM | TW | TSR, {
    ...held,
    relocation: 1,
    asid: 3n,
    clock: 987_654n,
  }),
];

/** Variations of one CSR, each still leaving memory open. Those that the register does not take are like the first. */
export function variationsOf({ name }: Csr): Resources[] {
  const values = [0n, ONES, (1n << 53n) - 1n];
  return values.map((value) =>
    changed(`0x${value.toString(16)} written to ${name}`, { csrs: { [name]: value } }),
  );
}

/** satp of these resources. */
export const satpOf = ({ relocation, asid }: Resources): bigint =>
  relocations[relocation].satp | (asid << 44n);
