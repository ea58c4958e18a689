/** Makes up trials: random instructions of the table, in every mode, with operands that lead somewhere. */
import type { CpuOptions } from "../../emulator/board/options.ts";
import { csrs } from "../../emulator/isa/csr.ts";
import type { Instruction } from "../../emulator/isa/instruction.ts";
import { instructionSet } from "../../emulator/isa/table.ts";
import type { RegisterOperand } from "../../emulator/language/expression.ts";
import type { Random } from "./random.ts";
import type { Item, ItemAddress, StartCsrs, Trial } from "./trial.ts";
import { decodeWord, instructionOf, OPEN_PMP, withImmediate } from "./trial.ts";
import { boxedFloat, integer } from "./values.ts";
import type { TableFeatures } from "./world.ts";
import { DATA, DATA_BYTES, LARGE_PAGES, leafTable, NOWHERE, PAGES, RAM, randomLeaf, roots } from "./world.ts";

/**
 * What a program may do. `qemu`: nothing whose outcome depends on time, that may never end, or after which known
 * deviations of QEMU's could no longer be told from ours (deviations.ts says which those are). `engines`: anything.
 */
export type Purpose = "qemu" | "engines";

export interface Ground {
  readonly purpose: Purpose;
  readonly cpu: CpuOptions;
}

export const tableFeatures = ({ purpose, cpu: { extensions } }: Ground): TableFeatures => ({
  svnapot: extensions.has("svnapot"),
  memoryTypes: extensions.has("svpbmt") ? (purpose === "qemu" ? 3 : 4) : 0,
  unruly: purpose === "engines",
});

const UXL_SXL_64 = 10n << 32n;
const FS_DIRTY = 3n << 13n;
const MPRV = 1n << 17n;
const TVM = 1n << 20n;
const TSR = 1n << 22n;
const MPP = 3n << 11n;
/** VS, XS, and what the hypervisor extension and big-endian memory add. */
const ABSENT = (3n << 9n) | (3n << 15n) | (15n << 36n) | (1n << 6n);
/** Exceptions that may be delegated: not the environment call that ends a trial. */
const DELEGABLE = 0xb0ffn;
const LOW_PAGE_BITS = 0xfffn;
const ALL = 2n ** 64n - 1n;

const baseName = ({ name, standsFor }: Instruction) => standsFor ?? name;
const isBranch = ({ assembly }: Instruction) => assembly.includes("target");
const isIndirect = (i: Instruction) => baseName(i) === "jalr";
const accessesMemory = (i: Instruction) => i.assembly.includes("(rs1)") && !isIndirect(i);
/** What must stand in a certain surrounding, or may end the trial: made by functions of their own. */
const PARTICULAR = /^(csrr|mret$|sret$|wfi$|ecall$|(c\.)?ebreak$|lr\.|sc\.)/;
/** CSRs that tell of time, or of what QEMU counts otherwise. */
const UNSTEADY =
  /^(m?cycle|time|m?instret|m?hpm|stimecmp|mcountinhibit|mvendorid|marchid|mimpid|mconfigptr|tselect|tdata)/;
/** CSRs that the runtime needs as they are. */
const RUNTIME = /^(mtvec|mscratch|pmpcfg0|pmpaddr[0-7])$/;

const csrNumbers = new Map(csrs.map(({ name, number }) => [name, number]));

/** CSRs whose value after a read differs by a known deviation: what is read goes nowhere else (deviations.ts). */
export const DEVIANT =
  /^(mstatus|sstatus|mcause|mtval|mepc|scause|stval|sepc|mideleg|medeleg|mip|mie|mcounteren|scounteren|senvcfg|menvcfg|misa|pmpaddr\d+)$/;

/** Between engines, these hold addresses that atomics can use, and nothing overwrites them. */
const ALIGNED_BASES: readonly number[] = [20, 21];
const UNTRAPPED_BY_QEMU = /^sfence\.(w\.inval|inval\.ir)$/;

/** An item in the making. */
interface Draft {
  readonly item: Item;
  /** No branch leads here: what stands before must have been executed. */
  readonly sealed: boolean;
  readonly branches: boolean;
  /** A register is to hold the address of an item some places on, plus an offset. */
  readonly address?: { readonly register: number; readonly from: number; readonly offset: bigint };
}

/** The instructions that trials are made of. */
export class Repertoire {
  readonly all: readonly Instruction[];
  readonly #plain: readonly (readonly Instruction[])[];
  readonly #byName: ReadonlyMap<string, Instruction>;
  readonly readable: readonly string[];
  readonly writable: readonly string[];

  constructor({ purpose, cpu }: Ground) {
    this.all = instructionSet(cpu.extensions);
    this.#byName = new Map(this.all.map((i) => [i.name, i]));
    const plain = this.all.filter(({ name }) => !PARTICULAR.test(name));
    const kindOf = ({ extension, name }: Instruction) =>
      /fence|^sinval|^pause/.test(name) ? "fences" : extension;
    const kinds = [...new Set(plain.map(kindOf))].map((kind) => plain.filter((i) => kindOf(i) === kind));
    // Extensions of many instructions come more often than those of few.
    this.#plain = kinds.flatMap((kind) =>
      Array.from({ length: Math.ceil(Math.sqrt(kind.length)) }, () => kind),
    );
    const steady = csrs.map(({ name }) => name).filter((n) => purpose === "engines" || !UNSTEADY.test(n));
    this.readable = steady;
    this.writable = steady.filter((name) => !RUNTIME.test(name) && (csrNumbers.get(name) ?? 0) >> 10 !== 3);
  }

  plain(random: Random): Instruction {
    return random.pick(random.pick(this.#plain));
  }

  /** Throws where the machine has no such instruction. */
  named(name: string): Instruction {
    const found = this.#byName.get(name);
    if (found === undefined) throw new Error(`there is no instruction ${name}`);
    return found;
  }
}

/** Makes a trial. The same generator state and ground give the same trial. */
export function makeTrial(random: Random, ground: Ground, repertoire: Repertoire): Trial {
  return new Author(random, ground, repertoire).write();
}

type Operands = Partial<Record<RegisterOperand | "immediate" | "rm", number>>;

class Author {
  readonly #random: Random;
  readonly #careful: boolean;
  readonly #ground: Ground;
  readonly #repertoire: Repertoire;
  readonly #mode: number;
  readonly #translated: boolean;
  readonly #delegating: boolean;
  readonly #protecting: boolean;
  readonly #x: bigint[];
  readonly #f: bigint[];
  readonly #csrs: { -readonly [Name in keyof StartCsrs]: StartCsrs[Name] };
  readonly #pmpAddresses = [0n, 0n, 0n, 0n];
  readonly #drafts: Draft[] = [];
  /** Registers that an instruction has written, that hold an address, whose value must not spread. */
  readonly #written = new Set<number>();
  readonly #bases = new Set<number>();
  readonly #frozen = new Set<number>();
  /** M-mode's loads and stores go by another mode from here on. */
  #modified = false;
  #delegates = false;
  #interruptsOff: boolean;
  /** Code may be the user's from here on. */
  #user: boolean;
  /** The handler in S-mode would not work any more: nothing may lead to lower modes. */
  #handlerless = false;
  #returned = false;

  constructor(random: Random, ground: Ground, repertoire: Repertoire) {
    this.#random = random;
    this.#ground = ground;
    this.#repertoire = repertoire;
    this.#careful = ground.purpose === "qemu";
    this.#mode = random.pick([3, 3, 3, 1, 1, 0, 0]);
    this.#delegating = this.#mode !== 3 && random.chance(0.4);
    this.#protecting = random.chance(this.#careful ? 0.25 : 0.1);
    this.#x = Array.from({ length: 32 }, (_, n) => (n === 0 ? 0n : integer(random)));
    this.#f = Array.from({ length: 32 }, () => boxedFloat(random));
    this.#csrs = this.#startCsrs();
    this.#translated = this.#csrs.satp !== 0n && this.#mode !== 3;
    this.#user = this.#mode === 0;
    this.#interruptsOff = this.#mode === 3 && (this.#csrs.mstatus & (1n << 7n)) === 0n;
  }

  write(): Trial {
    const random = this.#random;
    const length = this.#careful
      ? random.chance(0.3)
        ? 1 + random.below(12)
        : 1 + random.below(60)
      : 30 + random.below(170);
    if (!this.#careful) this.#spreadAddresses();
    while (this.#drafts.length < length) this.#something();
    return this.#finish();
  }

  // ---- the state before

  #startCsrs(): { -readonly [Name in keyof StartCsrs]: StartCsrs[Name] } {
    const random = this.#random;
    const { extensions, svadu } = this.#ground.cpu;
    const mode = this.#mode;
    let status = (BigInt(mode) << 11n) | UXL_SXL_64;
    if (random.chance(this.#careful ? 0.95 : 0.99)) status |= BigInt(1 + random.below(3)) << 13n;
    const likely = [
      [1, 0.3],
      [5, 0.5],
      [7, 0.3],
      [8, 0.5],
      [18, 0.4],
      [19, 0.4],
      [20, 0.15],
      [21, 0.3],
      [22, 0.3],
    ] as const;
    for (const [bit, probability] of likely) if (random.chance(probability)) status |= 1n << BigInt(bit);
    const mideleg = random.chance(0.5) ? random.long() & 0x222n : 0n;
    // The handler in S-mode returns by sret.
    if (this.#delegating || mode === 3 || mideleg !== 0n) status &= ~TSR;
    const interrupts = random.chance(0.15);
    // With Svade, QEMU 7.2 has nothing to compare with: it always sets A and D.
    const adue = svadu && (this.#careful || random.chance(0.5)) ? 1n << 61n : 0n;
    const pbmte = extensions.has("svpbmt") && (this.#careful || random.chance(0.5)) ? 1n << 62n : 0n;
    const stce = extensions.has("sstc") && !this.#careful && random.chance(0.5) ? 1n << 63n : 0n;
    const cacheBlocks = this.#careful ? 0n : random.chance(0.8) ? 0xf0n : random.long() & 0xf0n;
    const anyDelegation = random.chance(0.3) ? DELEGABLE : random.long() & DELEGABLE;
    return {
      mstatus: status,
      satp: random.chance(mode === 3 ? 0.3 : 0.8) ? this.#space() : 0n,
      medeleg: this.#delegating ? this.#delegation(anyDelegation) : 0n,
      mideleg,
      mip: interrupts ? random.long() & 0x222n : 0n,
      mie: interrupts ? random.long() & (this.#careful ? 0x222n : 0xaaan) : 0n,
      mcounteren: random.long() & 0xffff_ffffn,
      scounteren: random.long() & 0xffff_ffffn,
      fcsr:
        (BigInt(random.chance(0.92) ? random.below(5) : random.below(8)) << 5n) | BigInt(random.below(32)),
      menvcfg: adue | pbmte | stce | cacheBlocks,
      senvcfg: random.chance(0.8) ? cacheBlocks : cacheBlocks & random.long(),
      pmpcfg0: OPEN_PMP | this.#protection(),
    };
  }

  /** A value for satp that leads to the tables. */
  #space(): bigint {
    const random = this.#random;
    const { extensions } = this.#ground.cpu;
    const modes = [
      [8n, roots.sv39],
      ...(extensions.has("sv48") ? [[9n, roots.sv48] as const] : []),
      ...(extensions.has("sv57") ? [[10n, roots.sv57] as const] : []),
    ] as const;
    const [mode, root] = random.pick(modes);
    return (mode << 60n) | (BigInt(random.below(4)) << 44n) | (BigInt(root) >> 12n);
  }

  /** QEMU reports faults of atomics as those of loads, and of missing tables otherwise: both go to the same mode. */
  #delegation(any: bigint): bigint {
    if (!this.#careful) return any;
    const together = (mask: bigint) => (any: bigint) => ((any & mask) === 0n ? any : any | mask);
    const memory = (1n << 4n) | (1n << 5n) | (1n << 6n) | (1n << 7n) | (1n << 13n) | (1n << 15n);
    const fetches = (1n << 1n) | (1n << 12n);
    return together(fetches)(together(memory)(any));
  }

  /** Entries 0 to 3 over the data. The runtime stays reachable: entry 0 is no TOR, others none that begins below. */
  #protection(): bigint {
    if (!this.#protecting) return 0n;
    const random = this.#random;
    let config = 0n;
    for (let i = 0; i < 4; i++) {
      let entry = random.below(8) | (random.below(4) << 3);
      // W without R is reserved (privileged 3.7.1).
      if ((entry & 3) === 2) entry &= ~2;
      const mode = entry >> 3;
      const address = BigInt(DATA + random.below(DATA_BYTES)) >> 2n;
      const size = (1n << BigInt(random.below(12))) - 1n;
      this.#pmpAddresses[i] =
        mode === 3 ? (address & ~size) | (size >> 1n) : address & ~(random.chance(0.3) ? 0x3ffn : 0n);
      const below = this.#pmpAddresses[i - 1];
      if (mode === 1 && (below === undefined || below < BigInt(DATA) >> 2n)) entry &= ~0x18;
      config |= BigInt(entry) << BigInt(8 * i);
    }
    return config;
  }

  /** Some registers hold addresses, and code seldom changes them. */
  #spreadAddresses(): void {
    for (const register of [2, 8, 9, 12, 13, 14, 15, ...ALIGNED_BASES]) {
      this.#bases.add(register);
      const address = this.#dataAddress(8, false);
      this.#x[register] = ALIGNED_BASES.includes(register) ? address & ~7n : address;
    }
  }

  // ---- operands

  /** A register that nothing has written, to hold a value that matters. */
  #fresh(low = 1, high = 31): number | undefined {
    const free: number[] = [];
    for (let n = low; n <= high; n++) {
      if (!this.#written.has(n) && !this.#bases.has(n) && !this.#frozen.has(n)) free.push(n);
    }
    return free.length === 0 ? undefined : this.#random.pick(free);
  }

  #holding(value: bigint): number | undefined {
    const register = this.#fresh();
    if (register === undefined) return undefined;
    this.#bases.add(register);
    this.#x[register] = BigInt.asUintN(64, value);
    return register;
  }

  #register(destination: boolean, compressed: boolean): number {
    const random = this.#random;
    for (let tries = 0; tries < 100; tries++) {
      const n = compressed
        ? 8 + random.below(8)
        : random.chance(0.3)
          ? 8 + random.below(4)
          : random.below(32);
      if (this.#frozen.has(n)) continue;
      if (destination && ALIGNED_BASES.includes(n) && !this.#careful) continue;
      if (destination && !this.#careful && this.#bases.has(n) && random.chance(0.9)) continue;
      return n;
    }
    return compressed ? 8 : 0;
  }

  /** An address to load from or store to, as the trial sees addresses at this point. */
  #dataAddress(bytes: number, atomic: boolean): bigint {
    const random = this.#random;
    let offset = random.below(DATA_BYTES - 256);
    // Where protection is on, who splits a misaligned access may get further: allowed, and so avoided.
    const aligned = this.#careful && this.#protecting;
    if (aligned || random.chance(atomic || !this.#careful ? 0.9 : 0.7)) offset &= ~(bytes - 1);
    if (!aligned && random.chance(0.15)) {
      offset = ((offset & ~0xfff) + 0x1000 - random.below(bytes + 1)) & (DATA_BYTES - 1);
    }
    if (!this.#careful && random.chance(0.08)) return BigInt(leafTable + 8 * random.below(512));
    const translated = this.#translated || this.#modified;
    if (!translated) {
      if (random.chance(0.03)) {
        return (
          random.pick([
            BigInt(NOWHERE),
            ALL,
            ALL - 3n,
            1n << 56n,
            (1n << 63n) | BigInt(DATA),
            (1n << 32n) | BigInt(DATA),
          ]) & ~(aligned ? 7n : 0n)
        );
      }
      return BigInt(DATA + offset);
    }
    const within = BigInt(offset);
    const low = BigInt(DATA - RAM) + within;
    const gigabyte = (n: bigint) => (n << 30n) + low;
    // Between engines, most accesses succeed.
    if (!this.#careful && random.chance(0.8)) return gigabyte(this.#mode === 0 ? 3n : 2n);
    const kind = random.below(100);
    if (kind < 50) return PAGES + BigInt(random.below(512) * 4096) + (within & LOW_PAGE_BITS);
    if (kind < 65) return PAGES + BigInt((1 + random.below(16)) * 0x20_0000) + within;
    if (kind < 70) return gigabyte(0n);
    if (kind < 75) return gigabyte(4n);
    if (kind < 80) return gigabyte(2n);
    if (kind < 84) return gigabyte(3n);
    if (kind < 87) return (5n << 30n) + within;
    if (kind < 89) return (6n << 30n) + within;
    if (kind < 91) return (7n << 30n) + within;
    if (kind < 95) return 0xffff_ffff_c000_0000n + within;
    if (kind < 97) return 0xffff_ffff_ffe0_0000n + ((within * 31n) & 0x1f_fff8n);
    if (kind < 98) return 0x8_0000_4000_0000n + within;
    if (kind < 99) return 0x40_0000_0000n + within;
    return random.long() & ~(aligned ? 7n : 0n);
  }

  #randomImmediate({ encoding }: Instruction): number {
    const { immediateBits, slices, signed } = encoding;
    if (immediateBits === 0) return 0;
    const random = this.#random;
    const any = random.chance(0.2)
      ? random.pick([0, 1, -1, 1 << (immediateBits - 1), (1 << (immediateBits - 1)) - 1])
      : random.word() | 0;
    let held = 0;
    for (const { to, width } of slices) held |= (width === 32 ? -1 : (1 << width) - 1) << to;
    const kept = any & held;
    return signed ? (kept << (32 - immediateBits)) >> (32 - immediateBits) : kept;
  }

  /** The word of an instruction; fields that are no operands are random. */
  #encode({ encoding }: Instruction, operands: Operands): number {
    let word = encoding.match;
    for (const { operands: names, low, width } of encoding.registers) {
      const number = operands[names[0] ?? "rd"] ?? 0;
      word |= ((number - (width === 3 ? 8 : 0)) & ((1 << width) - 1)) << low;
    }
    word = withImmediate(encoding, word, operands.immediate ?? 0);
    for (const { name, low, width } of encoding.fields) {
      word |= (name === "rm" ? (operands.rm ?? 7) : this.#random.below(1 << width)) << low;
    }
    return word >>> 0;
  }

  /** Random operands that the encoding can hold and does not exclude. */
  #operands(instruction: Instruction, given: Operands): Operands | undefined {
    const random = this.#random;
    for (let tries = 0; tries < 50; tries++) {
      const operands: Operands = {
        rm: random.chance(0.45)
          ? 7
          : random.chance(this.#careful ? 0.93 : 0.99)
            ? random.below(5)
            : 5 + random.below(2),
      };
      for (const { operands: names, width, file } of instruction.encoding.registers) {
        const destination = names.includes("rd");
        const number =
          file === "f"
            ? width === 3
              ? 8 + random.below(8)
              : random.below(32)
            : this.#register(destination, width === 3);
        for (const name of names) operands[name] = number;
      }
      Object.assign(operands, instruction.fixed);
      operands.immediate = this.#randomImmediate(instruction);
      Object.assign(operands, given);
      const excluded = instruction.except.some(
        ({ operand, value }) => operands[operand === "imm" ? "immediate" : operand] === value,
      );
      if (!excluded && !this.#readsFrozen(instruction, operands)) return operands;
    }
    return undefined;
  }

  // ---- what a trial is made of

  #something(): void {
    const random = this.#random;
    // A trap costs fifty instructions of the runtime: between engines, most code runs through.
    if (!this.#careful && random.chance(0.85)) {
      const plain = this.#repertoire.plain(random);
      const illegal = this.#mode === 0 && /^s(fence|inval)/.test(plain.name);
      if (!illegal) this.#table(plain);
      return;
    }
    const kind = random.below(1000);
    if (kind < (this.#mode === 3 ? 150 : 70)) this.#csr();
    else if (kind < 165) this.#table(this.#repertoire.plain(random));
    else if (kind < 185) this.#noise();
    else if (kind < 197) this.#environment();
    else if (kind < 205) this.#return();
    else if (kind < 212 && this.#mode === 3) this.#modifyPrivilege();
    else if (kind < 240) this.#reserve();
    else if (kind < 260) this.#rewriteCode();
    else if (kind < 270) this.#changeTables();
    else if (kind < 276) this.#wait();
    else if (kind < 279) this.#leap();
    else this.#table(this.#repertoire.plain(random));
  }

  #push(word: number, length: 2 | 4, more: Partial<Draft> = {}): void {
    this.#drafts.push({ item: { word: word >>> 0, length }, sealed: false, branches: false, ...more });
  }

  /** Notes what an instruction writes. */
  #mark({ encoding, fixed, name }: Instruction, operands: Operands): void {
    const writes = encoding.registers.some((f) => f.file === "x" && f.operands.includes("rd"));
    const rd = writes ? operands.rd : fixed.rd;
    if (rd === undefined) return;
    this.#written.add(rd);
    // Zbb says 32 for a low word of zero, QEMU 7.2 says 63.
    if (this.#careful && name === "ctzw" && rd !== 0) this.#frozen.add(rd);
  }

  #table(instruction: Instruction, given: Operands = {}): void {
    if (this.#careful && this.#user && UNTRAPPED_BY_QEMU.test(instruction.name)) return;
    const operands = this.#operands(instruction, given);
    if (operands === undefined) return;
    const draft: Partial<Draft> = isBranch(instruction) ? { branches: true } : {};
    if (isIndirect(instruction)) {
      this.#indirect(instruction, operands);
      return;
    }
    if (accessesMemory(instruction) && given.rs1 === undefined && !this.#place(instruction, operands)) return;
    const word = this.#encode(instruction, operands);
    // Some operands make another instruction of it: c.add of x0 is c.jalr.
    if (instructionOf(word) !== instruction) return;
    this.#mark(instruction, operands);
    this.#push(word, instruction.encoding.length, draft);
  }

  /** Gives a memory access a base register that leads to data. */
  #place(instruction: Instruction, operands: Operands): boolean {
    const field = instruction.encoding.registers.find((f) => f.operands.includes("rs1"));
    const sharesDestination = field?.operands.includes("rd") ?? false;
    if (sharesDestination) return false;
    if (!this.#careful) {
      const bases =
        field === undefined ? [2] : [...this.#bases].filter((n) => field.width === 5 || (n >= 8 && n < 16));
      if (bases.length === 0) return false;
      const aligned = instruction.extension === "a" && this.#random.chance(0.95);
      if (field !== undefined) operands.rs1 = this.#random.pick(aligned ? ALIGNED_BASES : bases);
      return true;
    }
    const base =
      field === undefined
        ? [instruction.fixed.rs1 ?? 2].find((n) => !this.#bases.has(n) && !this.#written.has(n))
        : this.#fresh(...(field.width === 3 ? ([8, 15] as const) : ([1, 31] as const)));
    if (base === undefined) return false;
    this.#bases.add(base);
    operands.rs1 = base;
    const atomic = instruction.extension === "a";
    const address = this.#dataAddress(accessBytes(instruction), atomic);
    this.#x[base] = BigInt.asUintN(64, address - BigInt(operands.immediate ?? 0));
    return true;
  }

  #indirect(instruction: Instruction, operands: Operands): void {
    const field = instruction.encoding.registers.find((f) => f.operands.includes("rs1"));
    const register = this.#fresh(...(field?.width === 3 ? ([8, 15] as const) : ([1, 31] as const)));
    if (register === undefined) return;
    this.#bases.add(register);
    // Bit 0 of the sum is cleared (unprivileged 2.5.1).
    const odd = BigInt((operands.immediate ?? 0) & 1 ? 0 : this.#random.below(2));
    const offset = odd - BigInt(operands.immediate ?? 0);
    operands.rs1 = register;
    this.#mark(instruction, operands);
    this.#push(this.#encode(instruction, operands), instruction.encoding.length, {
      branches: true,
      address: { register, from: 1, offset },
    });
  }

  /** A jump to where nothing can be fetched: it ends the trial. */
  #leap(): void {
    const target = this.#translated
      ? this.#random.pick([PAGES + 0x1000_0000n, 5n << 30n, 1n << 62n, 0x20_0000_0000n])
      : this.#random.pick([BigInt(NOWHERE), 1n << 56n]);
    if (this.#modified || this.#random.chance(0.5)) return;
    const rs1 = this.#holding(target);
    if (rs1 !== undefined) this.#table1("jalr", { rs1, rd: this.#register(true, false), immediate: 0 });
  }

  /** An instruction with all operands given. */
  #table1(name: string, operands: Operands): void {
    const instruction = this.#repertoire.named(name);
    this.#mark(instruction, operands);
    this.#push(this.#encode(instruction, operands), instruction.encoding.length);
  }

  #csrAccess(name: string, function3: number, source: number, rd: number, sealed = false): void {
    const number = csrNumbers.get(name) ?? 0;
    this.#push((number << 20) | (source << 15) | (function3 << 12) | (rd << 7) | 0x73, 4, { sealed });
    this.#written.add(rd);
    if (this.#careful && DEVIANT.test(name) && rd !== 0) this.#frozen.add(rd);
  }

  #csr(): void {
    const random = this.#random;
    const rd = this.#csrDestination();
    if (random.chance(0.05)) {
      this.#strangeCsr(rd);
      return;
    }
    if (random.chance(0.3)) {
      const name = random.pick(["fflags", "frm", "fcsr"]);
      this.#csrAccess(name, random.pick([1, 2, 3, 5, 6, 7]), this.#register(false, false), rd);
      return;
    }
    const writes = random.chance(this.#mode === 3 ? 0.6 : 0.3);
    if (!writes) {
      this.#csrAccess(random.pick(this.#repertoire.readable), random.pick([2, 3, 6, 7]), 0, rd);
      return;
    }
    this.#writeCsr(random.pick(this.#writableHere()), rd);
  }

  /** Values that a known deviation may spoil go where nothing else reads them. */
  #csrDestination(): number {
    if (!this.#careful) return this.#register(true, false);
    return this.#random.chance(0.3) ? 0 : (this.#fresh() ?? 0);
  }

  #writableHere(): readonly string[] {
    const allowed =
      this.#mode === 3 && !this.#returned
        ? this.#repertoire.writable
        : this.#repertoire.writable.filter((name) => !/^(stvec|sscratch|satp)$/.test(name));
    if (this.#mode === 3) return allowed;
    return this.#delegating ? allowed.filter((name) => !/^(sepc|scause|stval)$/.test(name)) : allowed;
  }

  /** Reads numbers that are no CSR, or read-only, or of other modes. */
  #strangeCsr(rd: number): void {
    const random = this.#random;
    const numbers = [
      0x000, 0x004, 0x007, 0x120, 0x310, 0x3a1, 0x3a3, 0x5a8, 0x7b0, 0x7b1, 0x800, 0xc90, 0xf16, 0xfff,
    ];
    const number = random.pick(numbers);
    this.#push((number << 20) | (random.pick([2, 3, 6, 7]) << 12) | (rd << 7) | 0x73, 4);
    this.#written.add(rd);
  }

  #writeCsr(name: string, rd: number): void {
    const random = this.#random;
    const value = this.#csrValue(name);
    const source = value === undefined ? this.#register(false, false) : this.#holding(value);
    if (source === undefined) return;
    if (this.#modified && /^(mstatus|satp)$/.test(name)) return;
    if (name === "medeleg") this.#delegates = true;
    const trapsReturn = name === "mstatus" && ((value ?? 0n) & TSR) !== 0n;
    if (trapsReturn || /^(stvec|sscratch)$/.test(name)) this.#handlerless = true;
    if (name === "mstatus") this.#interruptsOff = false;
    const needsWhole = value !== undefined && /^(satp|stvec|mepc|sepc|menvcfg)$/.test(name);
    const function3 = needsWhole
      ? 1
      : value !== undefined
        ? 1 + random.below(3)
        : random.pick([1, 2, 3, 5, 6, 7]);
    this.#csrAccess(name, function3, source, rd);
    const overwritten = /^(mcause|mtval|mepc|scause|stval|sepc)$/.test(name) && !this.#careful;
    // The next trap overwrites these: they are read back at once.
    if (overwritten || /^(mcause|mtval|mepc)$/.test(name)) {
      const to = this.#csrDestination();
      this.#csrAccess(name, 2, 0, to);
    }
  }

  /** A value for a CSR that not any value does for; undefined where it does. */
  #csrValue(name: string): bigint | undefined {
    const random = this.#random;
    const any = random.chance(0.5) ? integer(random) : random.long();
    switch (name) {
      case "mstatus": {
        // Clearing and setting leave alone what is zero here: UXL and SXL. No half of MPP changes, for 2 is reserved,
        // and none of FS, which QEMU may hold to be cleaner than it is.
        const fixed = FS_DIRTY | MPP | MPRV | ABSENT | (15n << 32n) | (this.#returned ? TSR : 0n);
        return (any & ~fixed) | random.pick([0n, MPP]) | random.pick([0n, FS_DIRTY]);
      }
      case "sstatus":
        return (any & ~(FS_DIRTY | ABSENT | (15n << 32n))) | random.pick([0n, FS_DIRTY]);
      case "mip":
      case "sip":
        // QEMU takes interrupts of VS-mode that are pending here.
        return this.#careful ? any & 0xaaan : undefined;
      case "medeleg":
        return this.#delegation(any & DELEGABLE);
      case "satp":
        return random.chance(0.7)
          ? this.#space()
          : (this.#space() & ~(15n << 60n)) | (BigInt(random.below(16)) << 60n);
      case "stvec":
        return any & ~2n;
      case "mepc":
      case "sepc":
        return this.#careful ? any & ~1n : any;
      case "pmpcfg2":
        // Nothing locked, and for QEMU nothing switched on.
        return any & (this.#careful ? 0x0505_0505_0505_0505n : 0x1f1f_1f1f_1f1f_1f1fn);
      case "menvcfg":
        return this.#careful ? (any & 1n) | this.#csrs.menvcfg : any;
      case "senvcfg":
        return this.#careful ? any & 1n : any;
      default:
        return undefined;
    }
  }

  /** Words that are no instruction, and instructions with one bit changed. */
  #noise(): void {
    const random = this.#random;
    for (let tries = 0; tries < 100; tries++) {
      let word = random.word();
      if (random.chance(0.5)) {
        const near = random.pick(this.#repertoire.all);
        const operands = this.#operands(near, {});
        if (operands === undefined) continue;
        word = (this.#encode(near, operands) ^ (1 << random.below(near.encoding.length * 8))) >>> 0;
      }
      const length = (word & 3) === 3 ? 4 : 2;
      if (length === 2) word &= 0xffff;
      if (this.#careful && otherExtensionsOfQemu(word)) continue;
      const decoded = decodeWord(word);
      if (decoded !== undefined) {
        const { instruction } = decoded;
        const wild = isBranch(instruction) || isIndirect(instruction) || accessesMemory(instruction);
        if (wild || PARTICULAR.test(instruction.name) || baseName(instruction) === "ebreak") continue;
        if (this.#careful && !this.#repertoire.all.includes(instruction)) continue;
        if (this.#careful && UNTRAPPED_BY_QEMU.test(instruction.name)) continue;
        if (this.#readsFrozen(decoded.instruction, decoded)) continue;
        this.#mark(instruction, decoded);
      }
      this.#push(word, length);
      return;
    }
  }

  /** Whether a value that a deviation may have spoilt would go on from here. */
  #readsFrozen({ encoding, fixed }: Instruction, operands: Operands): boolean {
    const fields = encoding.registers.filter(({ file }) => file === "x").flatMap((field) => field.operands);
    const sources = fields.filter((name) => name !== "rd").map((name) => operands[name]);
    return [...sources, fixed.rs1, fixed.rs2].some((n) => this.#frozen.has(n ?? 0));
  }

  #environment(): void {
    this.#table1(this.#random.pick(["ecall", "ebreak", "c.ebreak"]), {});
  }

  /** mret and sret: to a later item where they are allowed. */
  #return(): void {
    const random = this.#random;
    const [name, csr, legal] = random.chance(0.5)
      ? (["mret", "mepc", this.#mode === 3] as const)
      : (["sret", "sepc", this.#mode >= 1] as const);
    if (!legal) {
      this.#table1(name, {});
      return;
    }
    if (this.#handlerless || (this.#careful && (this.#modified || this.#delegates || this.#delegating)))
      return;
    const register = this.#fresh();
    if (register === undefined) return;
    this.#bases.add(register);
    const number = csrNumbers.get(csr) ?? 0;
    this.#push((number << 20) | (register << 15) | (1 << 12) | 0x73, 4, {
      address: { register, from: 2, offset: 0n },
    });
    const { word, length } = { word: this.#encode(this.#repertoire.named(name), {}), length: 4 as const };
    this.#push(word, length, { sealed: true });
    this.#interruptsOff = false;
    this.#user = true;
    this.#returned = true;
  }

  /** Sets MPRV, with some mode in MPP. */
  #modifyPrivilege(): void {
    const random = this.#random;
    if (this.#csrs.satp === 0n || this.#modified) return;
    const status =
      UXL_SXL_64 |
      MPRV |
      (BigInt(this.#careful ? 0 : random.pick([0, 1, 1, 3])) << 11n) |
      (BigInt(random.below(4)) << 18n) |
      FS_DIRTY;
    const register = this.#holding(status);
    if (register === undefined) return;
    this.#csrAccess("mstatus", 1, register, 0);
    this.#modified = true;
    this.#interruptsOff = false;
  }

  /** LR, perhaps something between, and SC. */
  #reserve(): void {
    const random = this.#random;
    if (this.#careful && (this.#modified || this.#protecting)) return;
    const width = random.pick(["w", "d"]);
    const alias = this.#mode === 0 && this.#translated ? 0x4000_0000 : 0;
    const rs1 = this.#careful
      ? this.#holding(BigInt(alias + DATA + (random.below(DATA_BYTES) & ~7)))
      : random.pick(ALIGNED_BASES);
    if (rs1 === undefined) return;
    let rd = this.#register(true, false);
    if (rd === rs1) rd = 0;
    this.#table1(`lr.${width}`, { rd, rs1 });
    if (random.chance(0.3)) this.#table(this.#repertoire.named(random.pick(["addi", "sub", "mul", "fence"])));
    if (!this.#written.has(rs1) || !this.#careful) {
      this.#table1(`sc.${width}`, {
        rd: this.#register(true, false),
        rs1,
        rs2: this.#register(false, false),
      });
    }
  }

  /** Stores another instruction over a later one, then fence.i. */
  #rewriteCode(): void {
    const random = this.#random;
    if (this.#modified) return;
    const replacement = this.#repertoire.plain(random);
    if (replacement.encoding.length !== 4 || accessesMemory(replacement) || isBranch(replacement)) return;
    if (isIndirect(replacement) || (this.#careful && UNTRAPPED_BY_QEMU.test(replacement.name))) return;
    const original = this.#repertoire.named(random.pick(["addi", "add", "xor", "fmv.d.x"]));
    const operands = this.#operands(replacement, {});
    if (operands === undefined) return;
    const plain = this.#operands(original, {});
    const word = this.#encode(replacement, operands);
    if (instructionOf(word) !== replacement || (this.#careful && replacement.name === "ctzw")) return;
    const value = this.#holding(BigInt(word) | ((random.long() >> 32n) << 32n));
    const register = this.#fresh();
    if (plain === undefined || value === undefined || register === undefined) return;
    this.#bases.add(register);
    this.#mark(replacement, operands);
    const store = this.#repertoire.named("sw");
    const fenced = this.#careful || random.chance(0.5);
    this.#push(this.#encode(store, { rs1: register, rs2: value, immediate: 0 }), 4, {
      address: { register, from: fenced ? 2 : 1, offset: 0n },
    });
    if (fenced) this.#push(this.#encode(this.#repertoire.named("fence.i"), {}), 4);
    this.#mark(original, plain);
    this.#push(this.#encode(original, plain), 4);
  }

  /** Stores a page-table entry, and uses the page: without a fence only where no oracle minds what is stale. */
  #changeTables(): void {
    const random = this.#random;
    if (this.#mode === 0 || this.#modified || (this.#careful && this.#protecting)) return;
    // In S-mode the fence may be illegal.
    const fenceless = this.#returned || (this.#mode === 1 && (this.#csrs.mstatus & TVM) !== 0n);
    if (this.#careful && fenceless) return;
    const index = random.below(this.#careful ? LARGE_PAGES : 512);
    const entry = this.#holding(randomLeaf(random, tableFeatures(this.#ground)));
    const at = this.#holding(BigInt(leafTable + 8 * index));
    const used = this.#holding(PAGES + BigInt(4096 * index + 8 * random.below(512)));
    if (entry === undefined || at === undefined || used === undefined) return;
    const any = this.#register(true, false);
    // What is stored must not have been loaded: QEMU takes reserved entries.
    const rd = this.#careful && [entry, at, used].includes(any) ? 0 : any;
    const load = { rd, rs1: used, immediate: 0 };
    if (random.chance(0.5)) this.#table1("ld", load);
    this.#table1("sd", { rs1: at, rs2: entry, immediate: 0 });
    if (this.#careful)
      this.#push(this.#encode(this.#repertoire.named("sfence.vma"), {}), 4, { sealed: true });
    else if (random.chance(0.5)) {
      this.#table1("sfence.vma", {
        rs1: random.pick([0, used]),
        rs2: random.pick([0, this.#register(false, false)]),
      });
    }
    this.#table1(random.pick(["ld", "lw"]), load);
  }

  /** wfi: illegal, or with an interrupt pending so that it ends. */
  #wait(): void {
    const wfi = this.#encode(this.#repertoire.named("wfi"), {});
    if (this.#mode === 0 || !this.#careful) {
      this.#push(wfi, 4);
      return;
    }
    if (!this.#interruptsOff || this.#mode !== 3) return;
    this.#csrAccess("mie", 6, 2, 0);
    this.#csrAccess("mip", 6, 2, 0, true);
    this.#push(wfi, 4, { sealed: true });
  }

  // ---- the whole

  #finish(): Trial {
    const random = this.#random;
    const count = this.#drafts.length;
    const reachable = [...this.#drafts.keys(), count].filter((i) => !this.#drafts[i]?.sealed);
    const onwards = (from: number) => {
      const near = reachable.filter((i) => i >= from).slice(0, 3);
      if (this.#careful || random.chance(0.8)) return random.pick(near);
      // Loops end when the host loses patience.
      return random.pick(
        random.chance(0.7)
          ? reachable.filter((i) => i >= Math.max(from - 20, 0) && i < Math.max(from, 1))
          : reachable,
      );
    };
    const addresses: ItemAddress[] = [];
    const items = this.#drafts.map(({ item, branches, address }, i): Item => {
      if (address !== undefined) {
        const { register, from, offset } = address;
        const target = branches || from > 1 ? onwards(i + from) : i + from;
        // A store over code hits the instruction it was made for.
        const isStore = (item.word & 0x7f) === 0x23;
        addresses.push({ register, item: isStore ? i + from : target, offset });
        return item;
      }
      return branches ? { ...item, target: onwards(i + 1) } : item;
    });
    return {
      mode: this.#mode,
      csrs: this.#csrs,
      pmpAddresses: this.#pmpAddresses,
      x: this.#x,
      f: this.#f,
      addresses,
      items,
    };
  }
}

/** How much an instruction loads or stores, as far as its name tells: 8 bytes otherwise. */
function accessBytes(instruction: Instruction): number {
  const name = baseName(instruction);
  if (/\.w$/.test(name)) return 4;
  const letter = /^f?[ls]([bhwdq])u?$/.exec(name)?.[1] ?? "d";
  return { b: 1, h: 2, w: 4, d: 8 }[letter] ?? 8;
}

/** Words that QEMU takes for instructions of extensions that our table does not have. */
function otherExtensionsOfQemu(word: number): boolean {
  if ((word & 3) !== 3) return false;
  const opcode = word & 0x7f;
  const function3 = (word >>> 12) & 7;
  const function7 = word >>> 25;
  // CSR instructions, hypervisor loads and fences; fences of reserved kinds.
  if (opcode === 0x73) return function3 !== 0 || [0x11, 0x31, 0x13, 0x33].includes(function7);
  return opcode === 0x0f;
}
