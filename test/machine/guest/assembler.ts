/** Assembles guest code for tests from the entries of the instruction table. */
import { csrNamed } from "../../../emulator/isa/csr.ts";
import type { Operands } from "../../../emulator/isa/encode.ts";
import { encode } from "../../../emulator/isa/encode.ts";
import { instructions } from "../../../emulator/isa/table.ts";

/** Integer registers by their names in the calling convention. */
export const reg = {
  zero: 0,
  ra: 1,
  sp: 2,
  t0: 5,
  t1: 6,
  t2: 7,
  s0: 8,
  s1: 9,
  a0: 10,
  a1: 11,
  a2: 12,
  a3: 13,
  a4: 14,
  a5: 15,
  s2: 18,
  s3: 19,
  s4: 20,
  t3: 28,
  t4: 29,
} as const;

const entries = new Map(instructions.map((instruction) => [instruction.name, instruction]));

interface Reference {
  readonly at: number;
  readonly label: string;
  readonly name: string;
  readonly operands: Operands;
}

/** Code that grows at an address. */
export class Assembler {
  readonly #base: bigint;
  readonly #bytes: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #references: Reference[] = [];

  constructor(base: bigint) {
    this.#base = base;
  }

  /** Address of what comes next. */
  get here(): bigint {
    return this.#base + BigInt(this.#bytes.length);
  }

  /** One instruction. `fields` are the bits of fields that are no operands, at their place. */
  op(name: string, operands: Operands = {}, fields = 0): this {
    return this.word(this.#encode(name, operands) | fields, this.#length(name));
  }

  /** Literal bytes of an instruction or of data. */
  word(word: number, length = 4): this {
    for (let i = 0; i < length; i++) this.#bytes.push((word >>> (8 * i)) & 0xff);
    return this;
  }

  /** Loads a 64-bit constant. */
  li(rd: number, value: bigint | number): this {
    const constant = BigInt.asIntN(64, BigInt(value));
    const low = BigInt.asIntN(12, constant);
    const rest = constant - low;
    if (rest === 0n) return this.op("addi", { rd, immediate: Number(low) });
    if (BigInt.asIntN(32, constant) === constant) {
      this.op("lui", { rd, immediate: Number(BigInt.asIntN(32, rest)) });
      return low === 0n ? this : this.op("addiw", { rd, rs1: rd, immediate: Number(low) });
    }
    this.li(rd, rest >> 12n).op("slli", { rd, rs1: rd, immediate: 12 });
    return low === 0n ? this : this.op("addi", { rd, rs1: rd, immediate: Number(low) });
  }

  label(name: string): this {
    this.#labels.set(name, this.#bytes.length);
    return this;
  }

  /** A branch or jump to a label, which may come later. */
  to(label: string, name = "jal", operands: Operands = {}): this {
    this.#references.push({ at: this.#bytes.length, label, name, operands });
    return this.word(0, this.#length(name));
  }

  csrr(rd: number, csr: string): this {
    return this.op("csrrs", { rd, immediate: csrNamed(csr).number });
  }
  csrw(csr: string, rs1: number): this {
    return this.op("csrrw", { rs1, immediate: csrNamed(csr).number });
  }
  csrs(csr: string, rs1: number, rd = 0): this {
    return this.op("csrrs", { rd, rs1, immediate: csrNamed(csr).number });
  }
  csrc(csr: string, rs1: number, rd = 0): this {
    return this.op("csrrc", { rd, rs1, immediate: csrNamed(csr).number });
  }

  /** Zeros up to the next multiple of `bytes`, plus `offset`. */
  align(bytes: number, offset = 0): this {
    while ((Number(this.here % BigInt(bytes)) + bytes - offset) % bytes !== 0) this.#bytes.push(0);
    return this;
  }

  /** The bytes, with labels resolved. */
  finish(): Uint8Array {
    const code = Uint8Array.from(this.#bytes);
    const view = new DataView(code.buffer);
    for (const { at, label, name, operands } of this.#references) {
      const target = this.#labels.get(label);
      if (target === undefined) throw new Error(`there is no label "${label}"`);
      const word = this.#encode(name, { ...operands, immediate: target - at });
      if (this.#length(name) === 4) view.setUint32(at, word, true);
      else view.setUint16(at, word, true);
    }
    return code;
  }

  /** Address of a label that has been passed. */
  addressOf(label: string): bigint {
    const offset = this.#labels.get(label);
    if (offset === undefined) throw new Error(`there is no label "${label}"`);
    return this.#base + BigInt(offset);
  }

  #encode(name: string, operands: Operands): number {
    return encode(this.#entry(name), operands);
  }
  #length(name: string): number {
    return this.#entry(name).encoding.length;
  }
  #entry(name: string) {
    const entry = entries.get(name);
    if (entry === undefined) throw new Error(`there is no instruction "${name}"`);
    return entry;
  }
}
