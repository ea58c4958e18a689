/** Tests of floating-point instructions that work on registers. */
import type { Format } from "../../../emulator/float/format.ts";
import type { Case, State, Test } from "../../../tools/conformance/case.ts";
import type { FloatingPointOperation } from "../oracle/floating-point.ts";
import { boxed } from "../oracle/floating-point.ts";
import { instructionNamed, word } from "./assemble.ts";
import {
  almostNaN,
  edges,
  factorsBelowPower,
  fewEdges,
  nans,
  nearIntegers,
  randomValues,
  samplesOf,
} from "./float-values.ts";
import { instructionTest } from "./instruction-test.ts";
import { FS, illegal, MSTATUS, trial } from "./trial.ts";
import { hex, integers, NEGATIVE_SAMPLE, SAMPLE, sequence } from "./values.ts";

/** Rounding modes by number (F, Floating-Point Control and Status Register). */
const modes = ["rne", "rtz", "rdn", "rup", "rmm"] as const;
const DYNAMIC = 7;

/** A bit of mstatus that stays as it is: SUM. */
const STATUS = MSTATUS | (1n << 18n);

interface Registers {
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  readonly rs3: number;
}
const DISTINCT: Registers = { rd: 11, rs1: 22, rs2: 13, rs3: 26 };

/** How an instruction is executed: with which registers, rounding mode, and what fcsr and mstatus hold before. */
interface Setting {
  readonly registers: Registers;
  /** The rm field and frm. */
  readonly rm: number;
  readonly frm: number;
  readonly flags: number;
  readonly fs: bigint;
}

/** The test of an instruction. */
export function floatingTest(name: string, operation: FloatingPointOperation): Test {
  return instructionTest(name, () => new Writer(name, operation).all());
}

class Writer {
  readonly #name: string;
  readonly #operation: FloatingPointOperation;
  /** Which operands the f registers hold, and whether rd is one. */
  readonly #files: { readonly sources: readonly ("f" | "x")[]; readonly result: "f" | "x" };
  #count = 0;

  constructor(name: string, operation: FloatingPointOperation) {
    this.#name = name;
    this.#operation = operation;
    const { registers } = instructionNamed(name).encoding;
    const fileOf = (operand: "rd" | "rs1" | "rs2" | "rs3") =>
      registers.find(({ operands }) => operands.includes(operand))?.file ?? "x";
    const places = ["rs1", "rs2", "rs3"] as const;
    this.#files = { sources: places.slice(0, operation.sources.length).map(fileOf), result: fileOf("rd") };
  }

  *all(): Generator<Case> {
    for (const operands of this.#operands()) yield* this.#inEveryMode(operands);
    for (const operands of this.#threes()) yield this.#execute(operands, this.#setting(this.#count % 5));
    for (const operands of this.#improperlyBoxed())
      yield this.#execute(operands, this.#setting(this.#count % 5));
    yield* this.#aliases();
    yield* this.#status();
  }

  /** Operands, as registers hold them. */
  *#operands(): Generator<bigint[]> {
    const { sources, result } = this.#operation;
    const [first] = sources;
    if (first === undefined) return;
    if (first === "integer") {
      for (const value of this.#integers()) yield [value];
      return;
    }
    const count = sources.length;
    if (count === 1) {
      const wanted = result === "integer" ? nearIntegers(first) : edges(first);
      for (const a of [...wanted, ...(result === "integer" ? [] : nearFormat(first, result))])
        yield [boxed(first, a)];
    }
    if (count === 2) {
      const values = this.#name.startsWith("fsub") ? fewEdges(first) : edges(first);
      for (const a of values) for (const b of values) yield [boxed(first, a), boxed(first, b)];
    }
    if (this.#operation.rounds) yield* this.#random(first, count);
  }

  *#random(format: Format, count: number): Generator<bigint[]> {
    for (const region of ["ordinary", "tiny", "huge"] as const) {
      const values = randomValues(format, 17n, region, 30 * count).map((v) => boxed(format, v));
      for (let i = 0; i < values.length; i += count) yield values.slice(i, i + count);
    }
    if (count < 2) return;
    yield* closeSums(format, count);
    yield* atBounds(format, count);
  }

  *#integers(): Generator<bigint> {
    yield* integers;
    const { result } = this.#operation;
    if (result === "integer" || !this.#operation.rounds) {
      for (const [i, v] of sequence(5n, 40).entries()) yield i % 2 === 0 ? v : v | 0xffff_ffff_0000_0000n;
      return;
    }
    // Integers with as many bits as the format holds and a few more, about every half unit.
    for (let top = result.fractionBits; top < 64; top += 5) {
      const unit = 1n << BigInt(top - result.fractionBits);
      for (const base of [1n << BigInt(top), (1n << BigInt(top)) + unit, (2n << BigInt(top)) - unit]) {
        for (const rest of [0n, 1n, unit / 2n - 1n, unit / 2n, unit / 2n + 1n, unit - 1n]) {
          const v = BigInt.asUintN(64, base + rest);
          yield v;
          yield BigInt.asUintN(64, -v);
        }
      }
    }
  }

  *#threes(): Generator<bigint[]> {
    const [format] = this.#operation.sources;
    if (this.#operation.sources.length !== 3 || format === undefined || format === "integer") return;
    const values = fewEdges(format).map((v) => boxed(format, v));
    for (const a of values) for (const b of values) for (const c of values) yield [a, b, c];
  }

  /** Each operand in turn in a register whose upper bits are not all ones. */
  *#improperlyBoxed(): Generator<bigint[]> {
    const { sources } = this.#operation;
    for (const [i, format] of sources.entries()) {
      if (format === "integer" || format.width === 64) continue;
      const [one = 0n, negative = 0n] = samplesOf(format);
      const lowest = 1n << BigInt(format.width);
      const sign = 1n << BigInt(format.width - 1);
      for (const other of [one, negative, almostNaN(format)]) {
        for (const value of [one, 0n, sign]) {
          for (const upper of [0n, lowest, 1n << 63n, 1n << 32n, (1n << 64n) - lowest]) {
            yield sources.map((_, n) => boxed(format, n === i ? value : other) ^ (n === i ? upper : 0n));
          }
        }
      }
    }
  }

  /** One case where all modes come to the same, else one for each. */
  *#inEveryMode(operands: readonly bigint[]): Generator<Case> {
    const outcomes = modes.map((_, mode) => this.#operation.outcome(operands, mode));
    const [first] = outcomes;
    const alike = outcomes.every((o) => o.bits === first?.bits && o.flags === first.flags);
    if (alike) yield this.#execute(operands, this.#setting(this.#count % 5));
    else for (const mode of modes.keys()) yield this.#execute(operands, this.#setting(mode));
  }

  /** A mode is static and dynamic by turns, and flags of earlier instructions are there every third time. */
  #setting(mode: number): Setting {
    const n = this.#count++;
    const dynamic = n % 2 === 0;
    return {
      registers: DISTINCT,
      rm: dynamic ? DYNAMIC : mode,
      frm: dynamic ? mode : (mode + 1 + (n % 4)) % 5,
      flags: n % 3 === 0 ? (n * 7) % 32 : 0,
      fs: FS.dirty,
    };
  }

  #word({ rd, rs1, rs2, rs3 }: Registers, rm: number): number {
    const count = this.#operation.sources.length;
    return word(this.#name, {
      rd,
      rs1,
      ...(count > 1 && { rs2 }),
      ...(count > 2 && { rs3 }),
      ...(this.#operation.rounds && { rm }),
    });
  }

  #execute(operands: readonly bigint[], setting: Setting): Case {
    const { because, rounds } = this.#operation;
    const { registers, rm, frm, flags, fs } = setting;
    const outcome = this.#operation.outcome(operands, rm === DYNAMIC ? frm : rm);
    const raised = flags | outcome.flags;
    const how = rounds ? ` ${rm === DYNAMIC ? "dyn" : modes[rm]}` : "";
    const dirty = raised !== flags || this.#files.result === "f" ? FS.dirty : fs;
    const isLost = this.#files.result === "x" && registers.rd === 0;
    return trial({
      name: `${operands.map(hex).join(", ")}${how}, fcsr ${hex(BigInt((frm << 5) | flags))}, FS ${(fs >> 13n) & 3n}, f${Object.values(registers).join(",")}`,
      because,
      code: [this.#word(registers, rm)],
      before: this.#before(operands, setting),
      after: {
        ...(isLost ? {} : { [this.#files.result]: { [registers.rd]: outcome.bits } }),
        csrs: { fcsr: BigInt((frm << 5) | raised), mstatus: STATUS | dirty },
      },
    });
  }

  #before(operands: readonly bigint[], { registers, frm, flags, fs }: Setting): State {
    const { rs1, rs2, rs3 } = registers;
    const numbers = [rs1, rs2, rs3];
    const inFile = (file: "f" | "x") =>
      Object.fromEntries(
        operands.flatMap((v, i) => (this.#files.sources[i] === file ? [[numbers[i] ?? 0, v]] : [])),
      );
    // Writing fcsr makes FS dirty, so mstatus is written after it.
    return {
      x: inFile("x"),
      f: inFile("f"),
      csrs: { fcsr: BigInt((frm << 5) | flags), mstatus: STATUS | fs },
    };
  }

  #samples(): bigint[][] {
    const { sources } = this.#operation;
    const pick = (i: number) =>
      sources.map((s, n) =>
        s === "integer"
          ? (i + n) % 2 === 0
            ? SAMPLE
            : NEGATIVE_SAMPLE
          : boxed(s, samplesOf(s)[(i + n) % 3] ?? 0n),
      );
    const signalling = sources.map((s) => (s === "integer" ? SAMPLE : boxed(s, nans(s)[2] ?? 0n)));
    return [pick(0), pick(1), signalling];
  }

  *#aliases(): Generator<Case> {
    const [operands = []] = this.#samples();
    const [a = 0n] = operands;
    const setting = () => this.#setting(0);
    const same = operands.map(() => a);
    const isMixed = new Set([...this.#files.sources, this.#files.result]).size > 1;
    for (let n = 0; n < 32; n++) {
      const registers = { rd: n, rs1: 31 - n, rs2: (n + 9) % 32, rs3: (n + 20) % 32 };
      const distinct =
        new Set(Object.values(registers).slice(1, operands.length + 1)).size === operands.length;
      const readsZero = this.#files.sources.some(
        (file, i) => file === "x" && [registers.rs1, registers.rs2, registers.rs3][i] === 0,
      );
      if (distinct && !readsZero) yield this.#execute(operands, { ...setting(), registers });
    }
    yield this.#execute(same, { ...setting(), registers: { rd: 9, rs1: 10, rs2: 10, rs3: 10 } });
    if (isMixed) return;
    yield this.#execute(same, { ...setting(), registers: { rd: 9, rs1: 9, rs2: 9, rs3: 9 } });
    yield this.#execute(operands, { ...setting(), registers: { rd: 9, rs1: 9, rs2: 10, rs3: 11 } });
    yield this.#execute(operands, { ...setting(), registers: { rd: 9, rs1: 10, rs2: 9, rs3: 11 } });
    yield this.#execute(operands, { ...setting(), registers: { rd: 9, rs1: 10, rs2: 11, rs3: 9 } });
  }

  /** mstatus.FS (privileged 3.1.6.6), and rounding modes that are reserved. */
  *#status(): Generator<Case> {
    const off =
      "Privileged, Extension Context Status: with FS off every floating-point instruction is illegal";
    for (const operands of this.#samples()) {
      for (const fs of [FS.initial, FS.clean]) {
        // Where every flag has been raised before, only the result can make FS dirty.
        for (const flags of [0, 31]) yield this.#execute(operands, { ...this.#setting(0), flags, fs });
      }
      for (const rm of this.#operation.rounds ? [0, 4, 5, DYNAMIC] : [0]) {
        const before = this.#before(operands, { registers: DISTINCT, rm, frm: 0, flags: 0, fs: FS.off });
        yield illegal(
          `FS off, rm ${rm}, ${operands.map(hex).join(", ")}`,
          off,
          this.#word(DISTINCT, rm),
          before,
        );
      }
    }
    if (!this.#operation.rounds) return;
    const reserved = "F, Rounding Modes: 5 and 6 are reserved in rm, 5 to 7 in frm where rm is dynamic";
    const [operands = []] = this.#samples();
    for (const [rm, frm] of [
      [5, 0],
      [6, 0],
      [5, 7],
      [6, 5],
      [DYNAMIC, 5],
      [DYNAMIC, 6],
      [DYNAMIC, 7],
    ] as const) {
      const before = this.#before(operands, { registers: DISTINCT, rm, frm, flags: 1, fs: FS.dirty });
      yield illegal(`rm ${rm}, frm ${frm}`, reserved, this.#word(DISTINCT, rm), before);
    }
    // A reserved frm does not matter where the mode is static.
    for (const frm of [5, 6, 7]) yield this.#execute(operands, { ...this.#setting(0), rm: 2, frm });
  }
}

/** Sums of a number and one far smaller, close to halves of its last place, and products that nearly cancel the addend. */
function* closeSums(format: Format, count: number): Generator<bigint[]> {
  const sign = 1n << BigInt(format.width - 1);
  const hidden = 1n << BigInt(format.fractionBits);
  const one = BigInt(2 ** (format.exponentBits - 1) - 1) * hidden;
  const operands = (a: bigint, b: bigint) =>
    (count === 2 ? [a, b] : [a, one, b]).map((v) => boxed(format, v));
  for (const a of [one, one + 1n, one + hidden - 1n]) {
    for (const distance of [1, 2, format.fractionBits, format.fractionBits + 1, format.fractionBits + 2]) {
      const b = one - BigInt(distance) * hidden;
      for (const fraction of [0n, 1n, hidden - 1n]) {
        if (b + fraction <= 0n) continue;
        yield operands(a, b + fraction);
        yield operands(a, (b + fraction) | sign);
      }
    }
  }
  if (count === 3) {
    for (const low of [1n, 2n, 3n, 5n]) {
      // (1 + low ulp)^2 = 1 + 2 low ulp + low^2 ulp^2: what is left over of it is far below one unit.
      const near = one + low;
      for (const c of [one + 2n * low, one + 2n * low + 1n, one + 2n * low - 1n]) {
        yield [near, near, c | sign].map((v) => boxed(format, v));
        yield [near | sign, near, c].map((v) => boxed(format, v));
        yield [near, near, c].map((v) => boxed(format, v));
      }
    }
  }
}

/** Products and sums that only rounding takes to a power of two: out of the format, or up to the least normal number. */
function* atBounds(format: Format, count: number): Generator<bigint[]> {
  const sign = 1n << BigInt(format.width - 1);
  const hidden = 1n << BigInt(format.fractionBits);
  const one = BigInt(2 ** (format.exponentBits - 1) - 1) * hidden;
  for (const [a, b] of factorsBelowPower(format)) {
    for (const s of [0n, sign]) yield [a | s, b, ...(count === 3 ? [s] : [])].map((v) => boxed(format, v));
  }
  const greatest = sign - hidden - 1n;
  const halfUnit = greatest - (hidden - 1n) - BigInt(format.fractionBits + 1) * hidden;
  for (const b of [halfUnit - 1n, halfUnit, halfUnit + 1n]) {
    for (const s of [0n, sign]) {
      yield [greatest | s, ...(count === 3 ? [one] : []), b | s].map((v) => boxed(format, v));
    }
  }
}

/** Values of one format about the edges of another, for conversions between them. */
function nearFormat(from: Format, to: Format): bigint[] {
  if (to.width >= from.width) return [];
  const fraction = BigInt(from.fractionBits - to.fractionBits);
  const bias = (f: Format) => 2 ** (f.exponentBits - 1) - 1;
  const sign = 1n << BigInt(from.width - 1);
  const half = 1n << (fraction - 1n);
  const exponents = [
    bias(to),
    bias(to) + 1,
    0,
    1,
    -bias(to),
    1 - bias(to),
    -bias(to) - to.fractionBits,
    1 - bias(to) - to.fractionBits,
    -bias(to) - 3,
  ];
  return exponents.flatMap((e) => {
    const base = BigInt(e + bias(from)) << BigInt(from.fractionBits);
    const all = (1n << BigInt(from.fractionBits)) - 1n;
    const fractions = [
      0n,
      1n,
      half,
      half - 1n,
      half + 1n,
      3n * half,
      all,
      all - half,
      all - half - 1n,
      all - half + 1n,
      (all >> 1n) + 1n,
      all >> 1n,
    ];
    return fractions.flatMap((f) => [base | f, sign | base | f]);
  });
}
