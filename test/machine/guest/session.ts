/**
 * A test as a list of steps that one guest program works through: each step sets up CSRs and registers, enters a piece
 * of code in some mode, and ends with the first trap into M-mode, which a monitor records.
 *
 * The monitor lies in the first page of RAM. It uses ra, t0 and t1; a0 to a5 belong to the steps. Delegated traps enter
 * a table of `ecall`s, so that a step that S-mode handles ends with cause 9, its mepc telling which entry was taken.
 */
import { expect, test } from "vitest";
import type { CpuOptions, EngineName } from "../../../emulator/index.ts";
import { defaultCpu, Machine } from "../../../emulator/index.ts";
import { TablePages } from "./address-space.ts";
import { Assembler, reg } from "./assembler.ts";
import { Image, RAM } from "./image.ts";

export const engines: readonly EngineName[] = ["reference", "interpreter", "translator"];

/** Exception causes (privileged 3.1.15, table 3.6). */
export const cause = {
  instructionAccess: 1n,
  illegal: 2n,
  breakpoint: 3n,
  loadMisaligned: 4n,
  loadAccess: 5n,
  storeMisaligned: 6n,
  storeAccess: 7n,
  userCall: 8n,
  supervisorCall: 9n,
  machineCall: 11n,
  instructionPage: 12n,
  loadPage: 13n,
  storePage: 15n,
} as const;

/** mcause of an interrupt. */
export const interrupt = (number: number): bigint => (1n << 63n) | BigInt(number);

export type PrivilegeMode = "U" | "S" | "M";
const MODE_NUMBERS = { U: 0n, S: 1n, M: 3n } as const;

/** Bits of mstatus (privileged 3.1.6). */
export const status = {
  SIE: 1n << 1n,
  MIE: 1n << 3n,
  SPIE: 1n << 5n,
  MPIE: 1n << 7n,
  SPP: 1n << 8n,
  FS: 3n << 13n,
  MPRV: 1n << 17n,
  SUM: 1n << 18n,
  MXR: 1n << 19n,
  TVM: 1n << 20n,
  TW: 1n << 21n,
  TSR: 1n << 22n,
} as const;

const MONITOR = RAM;
/** Vectors of M-mode: entry n at 4n. In direct mode the first is used. */
export const MACHINE_VECTORS = RAM + 0x800n;
/** Vectors of S-mode, each an `ecall`. */
export const SUPERVISOR_VECTORS = RAM + 0x900n;
const CODE = RAM + 0x1000n;
const TABLES = RAM + 0x10_0000n;
/** RAM that nothing else uses, 2 MiB aligned. */
export const DATA = RAM + 0x20_0000n;
const RECORDS = RAM + 0x40_0000n;
const MEMORY = 0x80_0000;
const POWER = 0x10_0000;
const POWER_OFF = 0x5555;
/** More than any session takes. */
const SLOTS = 2_000_000;

const Record = {
  used: 0,
  pc: 8,
  status: 16,
  satp: 24,
  mtvec: 32,
  stvec: 40,
  arguments: 48,
  results: 96,
  entry: 144,
  cause: 152,
  epc: 160,
  tval: 168,
  after: 176,
  scause: 184,
  sepc: 192,
  stval: 200,
  mip: 208,
} as const;
const RECORD_BYTES = 216;
const ARGUMENTS = [reg.a0, reg.a1, reg.a2, reg.a3, reg.a4, reg.a5];

/** How a step begins. */
export interface Step {
  readonly mode?: PrivilegeMode;
  /** Where it begins, an address in its own address space. */
  readonly pc: bigint;
  /** Bits of mstatus besides MPP, as they are before the `mret` that begins the step: MPIE becomes MIE. */
  readonly status?: bigint;
  readonly satp?: bigint;
  readonly mtvec?: bigint;
  readonly stvec?: bigint;
  /** a0, a1… */
  readonly a?: readonly bigint[];
}

/** How it ended. */
export interface Outcome {
  readonly cause: bigint;
  readonly epc: bigint;
  readonly tval: bigint;
  /** Offset of the M-mode vector that was entered. */
  readonly entry: bigint;
  /** mstatus and its fields after the trap. */
  readonly status: bigint;
  readonly mpp: bigint;
  readonly mie: bigint;
  readonly mpie: bigint;
  readonly spp: bigint;
  readonly sie: bigint;
  readonly spie: bigint;
  readonly fs: bigint;
  readonly mprv: bigint;
  readonly scause: bigint;
  readonly sepc: bigint;
  readonly stval: bigint;
  readonly mip: bigint;
  readonly a0: bigint;
  readonly a1: bigint;
  readonly a2: bigint;
  readonly a3: bigint;
  readonly a4: bigint;
  readonly a5: bigint;
}

export type Expected = Partial<Outcome>;

export interface SessionOptions {
  readonly cpu?: Partial<CpuOptions>;
  /** Lets S and U access all memory before the first step; true unless said otherwise. */
  readonly openMemory?: boolean;
  /** Looks at the machine when all steps are done. */
  readonly inspect?: (machine: Machine) => void;
}

const hex = (value: bigint) => `0x${value.toString(16)}`;

export class Session {
  readonly image = new Image();
  readonly tables = new TablePages(TABLES);
  readonly #steps: { readonly what: string; readonly expected: Expected }[] = [];
  readonly #snippets = new Map<string, bigint>();
  #code = CODE;

  constructor() {
    this.image.put(MONITOR, monitor());
    this.image.put(SUPERVISOR_VECTORS, supervisorVectors());
  }

  /** Steps so far. */
  get length(): number {
    return this.#steps.length;
  }

  /** Places code that ends with an `ecall`; gives its physical address. */
  code(build: (a: Assembler) => void): bigint {
    return this.codeAt(this.#code, (a) => {
      build(a);
      a.op("ecall");
      this.#code = (a.here + 15n) & ~15n;
    });
  }

  /** Places code at an address of the test's choice. */
  codeAt(address: bigint, build: (a: Assembler) => void): bigint {
    const assembler = new Assembler(address);
    build(assembler);
    this.image.put(address, assembler.finish());
    return address;
  }

  /** One instruction on a0 and a1 (or other operands), followed by an `ecall`; the same code for the same text. */
  snippet(key: string, build: (a: Assembler) => void): bigint {
    let address = this.#snippets.get(key);
    if (address === undefined) {
      address = this.code(build);
      this.#snippets.set(key, address);
    }
    return address;
  }

  /** Adds a step, and what it must come to. `what` names it in failures and must be unique. */
  step(what: string, step: Step, expected: Expected): void {
    const at = RECORDS + BigInt(this.#steps.length * RECORD_BYTES);
    const put = (offset: number, value: bigint) => this.image.put64(at + BigInt(offset), value);
    put(Record.used, 1n);
    put(Record.pc, step.pc);
    put(Record.status, (step.status ?? 0n) | (MODE_NUMBERS[step.mode ?? "M"] << 11n));
    put(Record.satp, step.satp ?? 0n);
    put(Record.mtvec, step.mtvec ?? MACHINE_VECTORS);
    put(Record.stvec, step.stvec ?? SUPERVISOR_VECTORS);
    step.a?.forEach((value, i) => {
      put(Record.arguments + i * 8, value);
    });
    this.#steps.push({ what, expected });
  }

  /** Writes a CSR in M-mode; gives what it then reads as, to be expected. */
  writeCsr(csr: string, value: bigint, reads?: bigint): void {
    const pc = this.snippet(`write ${csr}`, (a) => a.csrw(csr, reg.a0).csrr(reg.a1, csr));
    const expected = reads === undefined ? {} : { a1: reads };
    this.step(
      `${this.#steps.length}: ${csr} = ${hex(value)}`,
      { pc, a: [value] },
      { cause: cause.machineCall, ...expected },
    );
  }

  /** Writes a CSR in M-mode for as long as it takes to read it again. */
  tryCsr(csr: string, value: bigint, reads: bigint): void {
    const pc = this.snippet(`try ${csr}`, (a) =>
      a.csrr(reg.a2, csr).csrw(csr, reg.a0).csrr(reg.a1, csr).csrw(csr, reg.a2),
    );
    const what = `${this.#steps.length}: ${csr} = ${hex(value)}`;
    this.step(what, { pc, a: [value] }, { cause: cause.machineCall, a1: reads });
  }

  /** Stores eight bytes in M-mode, untranslated. */
  poke(address: bigint, value: bigint): void {
    const pc = this.snippet("poke", (a) => a.op("sd", { rs1: reg.a0, rs2: reg.a1 }));
    const what = `${this.#steps.length}: poke ${hex(address)}`;
    this.step(what, { pc, a: [address, value] }, { cause: cause.machineCall });
  }

  /** Loads eight bytes in M-mode, untranslated, which must be `value`. */
  peek(what: string, address: bigint, value: bigint): void {
    const pc = this.snippet("peek", (a) => a.op("ld", { rd: reg.a0, rs1: reg.a0 }));
    this.step(what, { pc, a: [address] }, { cause: cause.machineCall, a0: value });
  }

  /** Runs all steps on an engine and compares every outcome. */
  async check(engine: EngineName, options: SessionOptions): Promise<void> {
    const machine = await Machine.create({
      memory: MEMORY,
      harts: 1,
      cpu: { ...defaultCpu, svadu: false, ...options.cpu },
      engine,
      kernel: this.image.bytes,
    });
    let stop = machine.run(SLOTS);
    while (stop.reason === "idle" && stop.ticks !== undefined) {
      machine.advance(stop.ticks);
      stop = machine.run(SLOTS);
    }
    const actual: Record<string, unknown> = {};
    const expected: Record<string, unknown> = {};
    this.#steps.forEach(({ what, expected: wanted }, i) => {
      if (what in expected) throw new Error(`two steps are called "${what}"`);
      const bytes = machine.readPhysical(RECORDS + BigInt(i * RECORD_BYTES), RECORD_BYTES);
      if (bytes === undefined) throw new Error("a record lies outside RAM");
      const outcome = readOutcome(new DataView(bytes.buffer, bytes.byteOffset));
      actual[what] = described(outcome, wanted);
      expected[what] = described(wanted, wanted);
    });
    expect(actual).toEqual(expected);
    expect(stop).toEqual({ reason: "power-off", status: 0 });
    options.inspect?.(machine);
  }
}

const described = (values: Expected, keys: Expected) =>
  Object.fromEntries(
    Object.keys(keys).map((key) => {
      const value = values[key as keyof Outcome];
      return [key, value === undefined ? undefined : hex(BigInt.asUintN(64, value))];
    }),
  );

function readOutcome(view: DataView): Outcome {
  const get = (offset: number) => view.getBigUint64(offset, true);
  const after = get(Record.after);
  const bits = (low: number, width = 1) => (after >> BigInt(low)) & ((1n << BigInt(width)) - 1n);
  const result = (i: number) => get(Record.results + i * 8);
  return {
    cause: get(Record.cause),
    epc: get(Record.epc),
    tval: get(Record.tval),
    entry: get(Record.entry) - 4n - MACHINE_VECTORS,
    status: after,
    mpp: bits(11, 2),
    mie: bits(3),
    mpie: bits(7),
    spp: bits(8),
    sie: bits(1),
    spie: bits(5),
    fs: bits(13, 2),
    mprv: bits(17),
    scause: get(Record.scause),
    sepc: get(Record.sepc),
    stval: get(Record.stval),
    mip: get(Record.mip),
    a0: result(0),
    a1: result(1),
    a2: result(2),
    a3: result(3),
    a4: result(4),
    a5: result(5),
  };
}

/** A test of a session on every engine. */
export function session(name: string, describe: (s: Session) => void, options: SessionOptions = {}): void {
  for (const engine of engines) {
    test(`${name} (${engine})`, async () => {
      const s = new Session();
      if (options.openMemory ?? true) {
        s.writeCsr("pmpaddr0", (1n << 54n) - 1n);
        s.writeCsr("pmpcfg0", 0x1fn);
      }
      describe(s);
      await s.check(engine, options);
    });
  }
}

function monitor(): Uint8Array {
  const a = new Assembler(MONITOR);
  const { t0, t1, ra } = reg;
  a.csrr(t0, "mhartid").to("park", "bne", { rs1: t0, rs2: reg.zero });
  a.li(t0, RECORDS).csrw("mscratch", t0);

  a.label("next");
  a.op("ld", { rd: t1, rs1: t0, immediate: Record.used }).to("finished", "beq", { rs1: t1, rs2: reg.zero });
  for (const [csr, offset] of [
    ["mepc", Record.pc],
    ["satp", Record.satp],
    ["mtvec", Record.mtvec],
    ["stvec", Record.stvec],
  ] as const) {
    a.op("ld", { rd: t1, rs1: t0, immediate: offset }).csrw(csr, t1);
  }
  ARGUMENTS.forEach((rd, i) => {
    a.op("ld", { rd, rs1: t0, immediate: Record.arguments + i * 8 });
  });
  a.op("ld", { rd: t1, rs1: t0, immediate: Record.status }).csrw("mstatus", t1).op("mret");

  a.label("trapped");
  a.op("csrrw", { rd: t0, rs1: t0, immediate: 0x340 });
  ARGUMENTS.forEach((rs2, i) => {
    a.op("sd", { rs1: t0, rs2, immediate: Record.results + i * 8 });
  });
  a.op("sd", { rs1: t0, rs2: ra, immediate: Record.entry });
  for (const [csr, offset] of [
    ["mcause", Record.cause],
    ["mepc", Record.epc],
    ["mtval", Record.tval],
    ["mstatus", Record.after],
    ["scause", Record.scause],
    ["sepc", Record.sepc],
    ["stval", Record.stval],
    ["mip", Record.mip],
  ] as const) {
    a.csrr(t1, csr).op("sd", { rs1: t0, rs2: t1, immediate: offset });
  }
  a.op("addi", { rd: t0, rs1: t0, immediate: RECORD_BYTES }).csrw("mscratch", t0).to("next");

  a.label("finished");
  a.li(t0, POWER).li(t1, POWER_OFF).op("sw", { rs1: t0, rs2: t1 });
  a.label("park").op("wfi").to("park");

  // Every vector tells by ra which one it is.
  a.align(0x800);
  for (let n = 0; n < 16; n++) a.to("trapped", "jal", { rd: reg.ra });
  return a.finish();
}

function supervisorVectors(): Uint8Array {
  const a = new Assembler(SUPERVISOR_VECTORS);
  for (let n = 0; n < 16; n++) a.op("ecall");
  return a.finish();
}
