/**
 * The CSRs of the machine as the manual and our choices within it have them: which there are, and what a field holds after
 * a write. Our choices: 16 PMP entries with a grain of 4 bytes, ASIDs of 16 bits, no event counters, no debug triggers,
 * `misa` not writable, WLRL registers that take every value; a write of an illegal value leaves a field as it was.
 */

/** What a register holds after a write of `written` over `old`. */
export type Write = (old: bigint, written: bigint) => bigint;

export interface Register {
  readonly name: string;
  readonly number: number;
  readonly because: string;
  readonly write: Write;
  /** Values of interest besides zeros, ones and single bits. */
  readonly values?: readonly bigint[];
  /** A value with as many bits set as it holds; what is left of all ones unless told. */
  readonly full?: bigint;
  /** All bits are alike. */
  readonly plain?: boolean;
}

export const ONES = (1n << 64n) - 1n;

/** Bits that can be written; the others read as `constant`. */
const bits =
  (writable: bigint, constant = 0n): Write =>
  (_old, written) =>
    (written & writable) | constant;

interface Field {
  readonly low: number;
  readonly width: number;
  readonly legal: readonly bigint[];
}
const fieldMask = ({ low, width }: Field) => ((1n << BigInt(width)) - 1n) << BigInt(low);

/** Besides freely writable bits there is a field that only takes some values, and keeps its own otherwise. */
const choosing = (writable: bigint, field: Field, constant = 0n): Write => {
  const mask = fieldMask(field);
  return (old, written) => {
    const legal = field.legal.includes((written & mask) >> BigInt(field.low));
    return (written & writable) | ((legal ? written : old) & mask) | constant;
  };
};

/** Every value of a field, the other bits clear and set. */
const sweep = (low: number, width: number): readonly bigint[] =>
  Array.from({ length: 2 ** width }, (_, value) => BigInt(value) << BigInt(low)).flatMap((value) => [
    value,
    value | (ONES & ~(((1n << BigInt(width)) - 1n) << BigInt(low))),
  ]);

const one = (bit: number) => 1n << BigInt(bit);
const all = (...places: number[]) => places.reduce((sum, bit) => sum | one(bit), 0n);

// ---- mstatus

const LENGTHS = (2n << 32n) | (2n << 34n);
const withSummary = (status: bigint) =>
  ((status >> 13n) & 3n) === 3n ? status | one(63) : status & ~one(63);
const MSTATUS_BITS = all(1, 3, 5, 7, 8, 13, 14, 17, 18, 19, 20, 21, 22);
const MPP: Field = { low: 11, width: 2, legal: [0n, 1n, 3n] };
const writeMstatus = choosing(MSTATUS_BITS, MPP, LENGTHS);

/** What of mstatus S-mode sees and, all but UXL and SD, writes (4.1.1). */
export const SSTATUS_WRITABLE = all(1, 5, 8, 13, 14, 18, 19);
export const SSTATUS_READABLE = SSTATUS_WRITABLE | (3n << 32n) | one(63);

// ---- environment configuration

const CBIE: Field = { low: 4, width: 2, legal: [0n, 1n, 3n] };
const SENVCFG_BITS = all(0, 6, 7);

// ---- translation

const SATP_MODES = [0n, 8n, 9n, 10n];
/** "If satp is written with an unsupported MODE, the entire write has no effect" (4.1.11). */
const writeSatp: Write = (old, written) => (SATP_MODES.includes(written >> 60n) ? written : old);

// ---- physical memory protection

/** A locked entry ignores writes; R = 0 with W = 1 is reserved and becomes no permission; bits 5 and 6 are zero. */
function writeConfiguration(old: number, written: number): number {
  if (old & 0x80) return old;
  const kept = written & 0x9f;
  return (kept & 3) === 2 ? kept & 0x98 : kept;
}
const writePmpConfiguration: Write = (old, written) => {
  let value = 0n;
  for (let entry = 0n; entry < 8n; entry++) {
    const byteOf = (register: bigint) => Number((register >> (8n * entry)) & 0xffn);
    value |= BigInt(writeConfiguration(byteOf(old), byteOf(written))) << (8n * entry);
  }
  return value;
};
const everyByte = Array.from({ length: 256 }, (_, byte) => BigInt(byte) * 0x0101_0101_0101_0101n);

// ---- the table

type Extra = Pick<Register, "values" | "full" | "plain">;
const register = (
  name: string,
  number: number,
  because: string,
  write: Write,
  extra: Extra = {},
): Register => ({
  name,
  number,
  because,
  write,
  ...extra,
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const ALTERNATING = [0x5555_5555_5555_5555n, 0xaaaa_aaaa_aaaa_aaaan, 0x0123_4567_89ab_cdefn];
const free = (name: string, number: number, because: string) =>
  register(name, number, because, bits(ONES), { values: ALTERNATING, plain: true });
const zero = (name: string, number: number, because: string) => register(name, number, because, bits(0n));

/** Registers that software writes, with state of their own. */
export const writable: readonly Register[] = [
  register(
    "mstatus",
    0x300,
    "privileged 3.1.6: WARL fields; MPP takes U, S and M; UXL = SXL = 2; SD = (FS = 3)",
    (old, written) => withSummary(writeMstatus(old, written)),
    { values: [...sweep(11, 2), ...sweep(13, 2), ...sweep(9, 2), ...sweep(15, 2)] },
  ),
  register(
    "medeleg",
    0x302,
    "privileged 3.1.8: delegable are exceptions 0 to 9, 12, 13 and 15; never a call from M (11)",
    bits(0xb3ffn),
  ),
  register("mideleg", 0x303, "privileged 3.1.8: S-mode's interrupts can be delegated", bits(all(1, 5, 9))),
  register("mie", 0x304, "privileged 3.1.9: one enable for each interrupt", bits(all(1, 3, 5, 7, 9, 11))),
  register("mtvec", 0x305, "privileged 3.1.7: MODE is 0 or 1, BASE any multiple of 4", bits(ONES & ~2n), {
    values: sweep(0, 2),
  }),
  register("stvec", 0x105, "privileged 4.1.2: MODE is 0 or 1, BASE any multiple of 4", bits(ONES & ~2n), {
    values: sweep(0, 2),
  }),
  register("mcounteren", 0x306, "privileged 3.1.11: 32 enables", bits(0xffff_ffffn)),
  register("scounteren", 0x106, "privileged 4.1.5: 32 enables", bits(0xffff_ffffn)),
  register(
    "menvcfg",
    0x30a,
    "privileged 3.1.18, cache management 2.4: FIOM, CBIE (2 is reserved), CBCFE, CBZE, ADUE, PBMTE, STCE",
    choosing(SENVCFG_BITS | all(61, 62, 63), CBIE),
    { values: sweep(4, 2) },
  ),
  register(
    "senvcfg",
    0x10a,
    "privileged 4.1.10, cache management 2.4: FIOM, CBIE (2 is reserved), CBCFE, CBZE",
    choosing(SENVCFG_BITS, CBIE),
    { values: sweep(4, 2) },
  ),
  free("mscratch", 0x340, "privileged 3.1.13: all 64 bits"),
  free("sscratch", 0x140, "privileged 4.1.6: all 64 bits"),
  register("mepc", 0x341, "privileged 3.1.14: bit 0 is zero, with C bit 1 is held", bits(ONES & ~1n)),
  register("sepc", 0x141, "privileged 4.1.7: bit 0 is zero, with C bit 1 is held", bits(ONES & ~1n)),
  free("mcause", 0x342, "privileged 3.1.15: WLRL; holds every code and the interrupt bit"),
  free("scause", 0x142, "privileged 4.1.8: WLRL; holds every code and the interrupt bit"),
  free("mtval", 0x343, "privileged 3.1.16: all 64 bits"),
  free("stval", 0x143, "privileged 4.1.9: all 64 bits"),
  free("stimecmp", 0x14d, "Sstc 2.1: all 64 bits"),
  register(
    "satp",
    0x180,
    "privileged 4.1.11: 16 bits of ASID, 44 of PPN; a write with an unsupported MODE has no effect",
    writeSatp,
    { values: sweep(60, 4), full: (10n << 60n) | (ONES >> 4n) },
  ),
  ...[0, 2].map((n) =>
    register(
      `pmpcfg${n}`,
      0x3a0 + n,
      "privileged 3.7.1: L, A, X, W and R; R = 0 with W = 1 is reserved; locked entries ignore writes",
      writePmpConfiguration,
      { values: everyByte, full: 0x1f1f_1f1f_1f1f_1f1fn },
    ),
  ),
  ...range(0, 15).map((n) =>
    register(
      `pmpaddr${n}`,
      0x3b0 + n,
      "privileged 3.7.1: bits 55 to 2 of an address",
      bits((1n << 54n) - 1n),
      {
        plain: true,
      },
    ),
  ),
];

/** Registers that read the same whatever is written. */
export const constants: readonly Register[] = [
  register(
    "misa",
    0x301,
    "privileged 3.1.1: MXL = 2; A, C, D, F, I, M, S and U; a WARL register may be fixed",
    bits(0n, 0x8000_0000_0014_112dn),
  ),
  zero("mcountinhibit", 0x320, "privileged 3.1.12: counters that cannot be stopped"),
  ...range(3, 31).flatMap((n) => [
    zero(`mhpmcounter${n}`, 0xb00 + n, "privileged 3.1.10: an event counter may be zero"),
    zero(`mhpmevent${n}`, 0x320 + n, "privileged 3.1.10: an event selector may be zero"),
  ]),
  ...range(0, 3).map((n) =>
    zero(["tselect", "tdata1", "tdata2", "tdata3"][n] ?? "", 0x7a0 + n, "debug 5.2: no triggers, all zero"),
  ),
];

/** Registers whose number says that they cannot be written, and what they read as on hart 0. */
export const readOnly: readonly {
  readonly name: string;
  readonly number: number;
  readonly because: string;
}[] = [
  { name: "mvendorid", number: 0xf11, because: "privileged 3.1.2: 0 where not a commercial implementation" },
  { name: "marchid", number: 0xf12, because: "privileged 3.1.3: 0 where not assigned" },
  { name: "mimpid", number: 0xf13, because: "privileged 3.1.4: 0 where not implemented" },
  { name: "mhartid", number: 0xf14, because: "privileged 3.1.5: one hart has number 0" },
  { name: "mconfigptr", number: 0xf15, because: "privileged 3.1.17: 0 where there is no structure" },
];

/** Numbers that stand for registers, all others are illegal (privileged tables 2.2 to 2.6). */
export const existing: ReadonlySet<number> = new Set([
  ...range(0x001, 0x003),
  ...[0x100, 0x104, 0x144],
  ...[0x344, 0xb00, 0xb02],
  ...range(0xc00, 0xc1f),
  ...[...writable, ...constants, ...readOnly].map(({ number }) => number),
]);

/** Counters that user mode reads: the number of each one's enable bit is that above 0xc00. */
export const counters: readonly {
  readonly name: string;
  readonly number: number;
  readonly enable: number;
}[] = range(0, 31).map((n) => ({
  name: ["cycle", "time", "instret"][n] ?? `hpmcounter${n}`,
  number: 0xc00 + n,
  enable: n,
}));
