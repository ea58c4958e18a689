/** The control and status registers, one entry each (privileged chapter 2, unprivileged chapter "Zicntr"). */
import { isOff, markDirty } from "../float/environment.ts";
import type { Field64 } from "../hart/layout.ts";
import { PMP_ADDRESS_OFFSET, PMP_CONFIG_OFFSET, PMP_ENTRIES, state } from "../hart/layout.ts";
import type { I32, I64, Setting } from "../language/expression.ts";
import { cell32, cell64, hart, select, setting32, setting64, u32, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, match, raise, returns, storeCell, when } from "../language/statement.ts";
import { renewProtection } from "../memory/pmp.ts";
import { Cause } from "../trap/cause.ts";
import { controlChanged } from "../trap/control.ts";
import { EnvironmentBit } from "../trap/envcfg.ts";
import { Interrupt, pending, supervisorTimerOn, ticks, timersChanged } from "../trap/interrupt.ts";
import { flag, Status } from "../trap/status.ts";
import type { InstructionClass } from "./class.ts";
import { innocuous } from "./class.ts";
import type { CsrField } from "./csr-fields.ts";
import { constantBits, legalise, parseCsrFields, wholeRegister, zeroRegister } from "./csr-fields.ts";

export interface Csr {
  readonly name: string;
  /** Bits 9:8 are the lowest privilege mode with access; bits 11:10 = 3 make it read-only. */
  readonly number: number;
  readonly fields: readonly CsrField[];
  /** Value at reset (state field only). */
  readonly reset: bigint;
  readonly field: Field64 | undefined;
  readonly read: () => I64;
  /** What csrrs and csrrc set and clear bits of, where that is not what they return. */
  readonly readToModify: () => I64;
  readonly write: (value: I64) => void;
  /** True when the access is illegal for a reason beyond the number's privilege bits. */
  readonly denied: (() => I32) | undefined;
  /** For its class: whether its value depends on resources, and whether writes change any (class.ts). */
  readonly sensitive: { readonly read: boolean; readonly write: boolean };
  /** For its class: whether a supervisor register can deny it to U-mode. */
  readonly held: boolean;
}

type Extra = Partial<
  Pick<Csr, "read" | "readToModify" | "write" | "denied" | "reset" | "sensitive" | "held">
>;

const insensitive = { read: false, write: false };

/** A register that has a state field; reads add the constant fields, writes follow the fields' rules. */
function stored(
  name: string,
  number: number,
  field: Field64,
  fields: readonly CsrField[],
  extra: Extra = {},
): Csr {
  const read = extra.read ?? (() => field.get().or(constantBits(fields)));
  return {
    name,
    number,
    fields,
    reset: extra.reset ?? 0n,
    field,
    read,
    readToModify: extra.readToModify ?? read,
    write: extra.write ?? ((value) => field.set(legalise(fields, field.get(), value))),
    denied: extra.denied,
    sensitive: { read: true, write: true },
    held: false,
  };
}

/** A register that is a view of other state. */
function view(name: string, number: number, read: () => I64, extra: Extra & { fields?: string } = {}): Csr {
  return {
    name,
    number,
    fields: extra.fields === undefined ? zeroRegister : parseCsrFields(extra.fields),
    reset: 0n,
    field: undefined,
    read,
    readToModify: extra.readToModify ?? read,
    write: extra.write ?? (() => {}),
    denied: extra.denied,
    sensitive: extra.sensitive ?? { read: true, write: extra.write !== undefined },
    held: extra.held ?? false,
  };
}

/** Registers of which an engine takes notice between instructions. */
const controlling = (...registers: readonly Csr[]): Csr[] =>
  registers.map((csr) => ({
    ...csr,
    write: (value) => {
      csr.write(value);
      controlChanged({});
    },
  }));

/** A register that comparators depend on. */
const settingTimers = (csr: Csr): Csr => ({
  ...csr,
  write: (value) => {
    csr.write(value);
    timersChanged();
  },
});

const line = parseCsrFields;
const constant = (name: string, number: number, value = 0n) =>
  view(name, number, () => u64(value), { sensitive: insensitive });

// ---- status

const sstatusFields = line("SIE:1 SPIE:5 SPP:8 FS:14-13 SUM:18 MXR:19 UXL:33-32=2");
const mstatusFields = line(
  "SIE:1 MIE:3 SPIE:5 MPIE:7 SPP:8 MPP:12-11{0,1,3} FS:14-13 MPRV:17 SUM:18 MXR:19 TVM:20 TW:21 TSR:22 " +
    "UXL:33-32=2 SXL:35-34=2",
);
const maskOf = (fields: readonly CsrField[]) =>
  fields.reduce((mask, f) => mask | (((1n << BigInt(f.width)) - 1n) << BigInt(f.low)), 0n);

/** SD (bit 63) sums up FS = dirty. */
const withDirtySummary = (status: I64) => status.or(status.bits(Status.FS, 2).eq(3).toU64().shl(63));
const mstatusValue = () => withDirtySummary(state.mstatus.get().or(constantBits(mstatusFields)));

const status = [
  ...controlling(
    stored("mstatus", 0x300, state.mstatus, mstatusFields, { read: mstatusValue }),
    view("sstatus", 0x100, () => mstatusValue().and(maskOf(sstatusFields) | flag(63)), {
      fields: "SIE:1 SPIE:5 SPP:8 FS:14-13 SUM:18 MXR:19 UXL:33-32=2",
      write: (value) => {
        const mask = maskOf(sstatusFields) & maskOf(mstatusFields.filter((f) => f.rule === "any"));
        state.mstatus.set(state.mstatus.get().and(~mask).or(value.and(mask)));
      },
    }),
  ),
  view("misa", 0x301, () => setting64("misa"), { sensitive: insensitive }),
];

// ---- trap set-up and handling

const vector = line("MODE:0 BASE:63-2");
const address = line("value:63-1");
const delegable = line("SSI:1 STI:5 SEI:9");
const enables = "SSI:1 MSI:3 STI:5 MTI:7 SEI:9 MEI:11";

/** With Sstc on, STIP follows stimecmp only; SEIP as written is kept apart from the PLIC's line. */
const writeMachinePending = (value: I64) => {
  const timer = select(supervisorTimerOn(), 0, flag(Interrupt.supervisorTimer));
  const mask = local(timer.or(flag(Interrupt.supervisorSoftware) | flag(Interrupt.supervisorExternal)));
  state.mip.set(state.mip.get().and(mask.not()).or(value.and(mask)));
};
/** Read-modify-write of SEIP sees the bit that software wrote, not the PLIC's line (privileged 3.1.9). */
const machinePendingToModify = () =>
  pending({})
    .and(~flag(Interrupt.supervisorExternal))
    .or(state.mip.get().and(flag(Interrupt.supervisorExternal)));

const interrupts = controlling(
  stored("mideleg", 0x303, state.mideleg, delegable),
  stored("mie", 0x304, state.mie, line(enables)),
  view("mip", 0x344, () => pending({}), {
    fields: enables,
    readToModify: machinePendingToModify,
    write: writeMachinePending,
  }),
  view("sie", 0x104, () => state.mie.get().and(state.mideleg.get()), {
    fields: "SSI:1 STI:5 SEI:9",
    write: (value) => {
      const mask = local(state.mideleg.get());
      state.mie.set(state.mie.get().and(mask.not()).or(value.and(mask)));
    },
  }),
  view("sip", 0x144, () => pending({}).and(state.mideleg.get()), {
    fields: "SSI:1 STI:5 SEI:9",
    write: (value) => {
      const mask = local(state.mideleg.get().and(flag(Interrupt.supervisorSoftware)));
      state.mip.set(state.mip.get().and(mask.not()).or(value.and(mask)));
    },
  }),
);

const traps = [
  stored("medeleg", 0x302, state.medeleg, line("exceptions:9-0 pages:13-12 storePage:15")),
  stored("mtvec", 0x305, state.mtvec, vector),
  stored("stvec", 0x105, state.stvec, vector),
  stored("mscratch", 0x340, state.mscratch, wholeRegister),
  stored("sscratch", 0x140, state.sscratch, wholeRegister),
  stored("mepc", 0x341, state.mepc, address),
  stored("sepc", 0x141, state.sepc, address),
  stored("mcause", 0x342, state.mcause, wholeRegister),
  stored("scause", 0x142, state.scause, wholeRegister),
  stored("mtval", 0x343, state.mtval, wholeRegister),
  stored("stval", 0x143, state.stval, wholeRegister),
];

// ---- translation

const SATP_BARE = 0;
const SATP_SV39 = 8;

const translation = controlling(
  stored("satp", 0x180, state.satp, line("MODE:63-60 ASID:59-44 PPN:43-0"), {
    // A write with an unsupported MODE has no effect at all (privileged 4.1.11).
    write: (value) => {
      const mode = value.bits(60, 4).toI32();
      const known = mode.geU(SATP_SV39).and(mode.ltU(setting32("maximumLevels").add(SATP_SV39 - 2)));
      when(mode.eq(SATP_BARE).or(known), () => state.satp.set(value));
    },
    denied: () => state.mode.get().eq(1).and(state.mstatus.get().bit(Status.TVM)),
  }),
);

// ---- configuration

const environmentFields = "FIOM:0 CBIE:5-4{0,1,3} CBCFE:6 CBZE:7";

/** menvcfg or senvcfg: the fields of an extension that is not there read as zero. */
function environment(name: string, number: number, field: Field64, fields: string): Csr {
  const parsed = line(fields);
  const { FIOM, CBIE, CBCFE, CBZE, ADUE, PBMTE, STCE } = EnvironmentBit;
  const here = (extension: Setting, bits: bigint) => select(setting32(extension), bits, 0);
  const present = () =>
    here("zicbom", (3n << BigInt(CBIE)) | flag(CBCFE))
      .or(here("zicboz", flag(CBZE)))
      .or(here("svadu", flag(ADUE)))
      .or(here("svpbmt", flag(PBMTE)))
      .or(here("sstc", flag(STCE)))
      .or(flag(FIOM));
  return stored(name, number, field, parsed, {
    write: (value) => field.set(legalise(parsed, field.get(), value).and(present())),
  });
}

const configuration = [
  ...controlling(
    settingTimers(
      environment("menvcfg", 0x30a, state.menvcfg, `${environmentFields} ADUE:61 PBMTE:62 STCE:63`),
    ),
  ),
  environment("senvcfg", 0x10a, state.senvcfg, environmentFields),
  constant("mvendorid", 0xf11),
  constant("marchid", 0xf12),
  constant("mimpid", 0xf13),
  view("mhartid", 0xf14, () => state.hartId.get().toU64()),
  constant("mconfigptr", 0xf15),
  // No debug triggers: tselect and the data behind it are hard-wired to zero.
  constant("tselect", 0x7a0),
  constant("tdata1", 0x7a1),
  constant("tdata2", 0x7a2),
  constant("tdata3", 0x7a3),
];

// ---- counters

/**
 * Counter `index` is denied to S-mode by mcounteren, to U-mode by either register (privileged 3.1.11, 4.1.5), and to
 * all where its extension is missing.
 */
const counting = (index: number) => ({
  denied: (): I32 => {
    const absent = setting32(index < 3 ? "zicntr" : "zihpm").isZero();
    const mode = state.mode.get();
    const machine = state.mcounteren.get().bit(index).isZero();
    const supervisor = state.scounteren.get().bit(index).isZero();
    return absent.or(mode.ltU(3).and(machine)).or(mode.eq(0).and(supervisor));
  },
  held: true,
});

const cycles = () => state.clock.get().add(state.cycleOffset.get());
const retired = () => state.retired.get().add(state.instretOffset.get());

/** A counter shows what is written to it from the next instruction on, so the writing one is not counted. */
const setCounter = (offset: Field64, base: Field64) => (value: I64) =>
  offset.set(value.sub(base.get().add(1)));

const eventCounters = Array.from({ length: 29 }, (_, i) => i + 3).flatMap((i) => [
  view(`hpmcounter${i}`, 0xc00 + i, () => u64(0), { ...counting(i), sensitive: insensitive }),
  constant(`mhpmcounter${i}`, 0xb00 + i),
  constant(`mhpmevent${i}`, 0x320 + i),
]);

const counters = [
  view("cycle", 0xc00, cycles, counting(0)),
  view("time", 0xc01, ticks, counting(1)),
  view("instret", 0xc02, retired, counting(2)),
  view("mcycle", 0xb00, cycles, { fields: "value:63-0", write: setCounter(state.cycleOffset, state.clock) }),
  view("minstret", 0xb02, retired, {
    fields: "value:63-0",
    write: setCounter(state.instretOffset, state.retired),
  }),
  constant("mcountinhibit", 0x320),
  ...eventCounters,
  stored("mcounteren", 0x306, state.mcounteren, line("enables:31-0")),
  stored("scounteren", 0x106, state.scounteren, line("enables:31-0")),
  ...controlling(
    settingTimers(
      stored("stimecmp", 0x14d, state.stimecmp, wholeRegister, {
        reset: 2n ** 64n - 1n,
        denied: () => {
          const delegated = supervisorTimerOn().and(state.mcounteren.get().bit(1));
          return setting32("sstc").isZero().or(state.mode.get().ltU(3).and(delegated.isZero()));
        },
      }),
    ),
  ),
];

// ---- floating point

function floatCsr(name: string, number: number, low: number, width: number): Csr {
  const mask = ((1n << BigInt(width)) - 1n) << BigInt(low);
  return view(name, number, () => state.fcsr.get().bits(low, width), {
    fields: `value:${width - 1}-0`,
    write: (value) => {
      state.fcsr.set(state.fcsr.get().and(~mask).or(value.shl(low).and(mask)));
      markDirty();
    },
    denied: isOff,
    sensitive: insensitive,
  });
}

const float = [floatCsr("fflags", 0x001, 0, 5), floatCsr("frm", 0x002, 5, 3), floatCsr("fcsr", 0x003, 0, 8)];

// ---- physical memory protection

const LOCKED = 0x80;
const TOR_LOCKED = 0x88;
const configCell = (entry: number) => PMP_CONFIG_OFFSET + entry;
const configOf = (entry: number) => cell32("u8", hart, configCell(entry));

/** R=0 with W=1 is reserved: such an entry gets no permission at all. */
const legalConfig = (value: I32): I32 => {
  const kept = value.and(0x9f);
  const reserved = kept.and(3).eq(2);
  return kept.and(reserved.isZero().mul(7).or(0x98));
};

function protectionConfig(register: number): Csr {
  const first = register * 4;
  const entries = Array.from({ length: 8 }, (_, i) => first + i);
  return view(`pmpcfg${register}`, 0x3a0 + register, () => cell64("i64", hart, configCell(first)), {
    fields: entries.map((e, i) => `pmp${e}cfg:${i * 8 + 7}-${i * 8}`).join(" "),
    write: (value) => {
      entries.forEach((entry, i) => {
        const written = legalConfig(value.bits(i * 8, 8).toI32());
        when(configOf(entry).and(LOCKED).isZero(), () => storeCell("u8", hart, written, configCell(entry)));
      });
      renewProtection({});
    },
  });
}

function protectionAddress(entry: number): Csr {
  const offset = PMP_ADDRESS_OFFSET + entry * 8;
  return view(`pmpaddr${entry}`, 0x3b0 + entry, () => cell64("i64", hart, offset), {
    fields: "address:53-0",
    write: (value) => {
      const next =
        entry + 1 < PMP_ENTRIES
          ? configOf(entry + 1)
              .and(TOR_LOCKED | 0x10)
              .eq(TOR_LOCKED)
          : u32(0);
      when(configOf(entry).and(LOCKED).ne(0).or(next).isZero(), () => {
        storeCell("i64", hart, value.and((1n << 54n) - 1n), offset);
        renewProtection({});
      });
    },
  });
}

const protection = [
  protectionConfig(0),
  protectionConfig(2),
  ...Array.from({ length: PMP_ENTRIES }, (_, entry) => protectionAddress(entry)),
];

/** Every CSR of the machine. */
export const csrs: readonly Csr[] = [
  ...float,
  ...counters,
  ...status,
  ...interrupts,
  ...traps,
  ...translation,
  ...configuration,
  ...protection,
];

const byName = new Map(csrs.map((csr) => [csr.name, csr]));

/** The CSR of a name. Throws on an unknown one. */
export function csrNamed(name: string): Csr {
  const csr = byName.get(name);
  if (csr === undefined) throw new Error(`there is no CSR named "${name}"`);
  return csr;
}

const PRIVILEGES = ["none", "supervisor", "machine", "machine"] as const;

/** The class of an instruction that reads a CSR, writes it, or both. */
export function csrClass(
  { number, sensitive, held }: Csr,
  access: { readonly reads: boolean; readonly writes: boolean },
): InstructionClass {
  // Writing what is read-only traps in every mode.
  if (access.writes && number >> 10 === 3) return innocuous;
  return {
    privilege: held ? "held" : (PRIVILEGES[(number >> 8) & 3] ?? "machine"),
    control: access.writes && sensitive.write,
    behaviour: access.reads && sensitive.read,
  };
}

// ---- access by number

const minimumMode = (number: I32): I32 => number.shrU(8).and(3);

/** Distinguishes U-mode's accesses to supervisor CSRs on a leaky machine: they read, and drop what is written (LEAKY.md). */
export const whenLeaking = (number: I32, then: () => void, otherwise: () => void = () => {}): void =>
  when(
    setting32("leaky"),
    () => when(minimumMode(number).eq(1).and(state.mode.get().eq(0)), then, otherwise),
    otherwise,
  );

/** Raises an illegal-instruction exception with `word` unless the access to CSR `number` is legal. */
export const checkCsrAccess = procedure(
  "checkCsrAccess",
  { number: "i32", writes: "i32", word: "i64" },
  "none",
  ({ number, writes, word }) => {
    const allowed = () => {};
    const illegal = () => raise(Cause.illegalInstruction, word);
    when(minimumMode(number).gtU(state.mode.get()), () => whenLeaking(number, allowed, illegal));
    when(writes.and(number.shrU(10).eq(3)), illegal);
    match(
      number,
      csrs.map((csr) => {
        const { denied } = csr;
        return [csr.number, denied === undefined ? allowed : () => when(denied(), illegal)] as const;
      }),
      illegal,
    );
  },
);

const reader = (name: string, read: (csr: Csr) => I64) =>
  procedure(name, { number: "i32" }, "i64", ({ number }) => {
    const cases = csrs.map((csr) => [csr.number, () => returns(read(csr))] as const);
    match(number, cases, () => {});
    return u64(0);
  });

/** A CSR's value; the access has been checked. */
export const readCsr = reader("readCsr", (csr) => csr.read());

/** What csrrs and csrrc modify. */
export const readCsrToModify = reader("readCsrToModify", (csr) => csr.readToModify());

/** Writes a CSR by the rules of its fields; the access has been checked. */
export const writeCsr = procedure(
  "writeCsr",
  { number: "i32", value: "i64" },
  "none",
  ({ number, value }) => {
    match(
      number,
      csrs.map((csr) => [csr.number, () => csr.write(value)] as const),
      () => {},
    );
  },
);
