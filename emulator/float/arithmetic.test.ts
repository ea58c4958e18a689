import { describe, expect, test } from "vitest";
import type { Procedure } from "../language/procedure.ts";
import type { Arithmetic } from "./arithmetic.ts";
import {
  arithmetic,
  double,
  doubleToHalf,
  doubleToSingle,
  half,
  halfToDouble,
  halfToSingle,
  single,
  singleToDouble,
  singleToHalf,
} from "./arithmetic.ts";
import type { Format } from "./format.ts";
import { binaryFormat, float16, float32, float64 } from "./format.ts";
import { createExecutor } from "./testing/executor.ts";
import { edges, randomBits, randomValues } from "./testing/operands.ts";
import type { Outcome } from "./testing/oracle.ts";
import * as oracle from "./testing/oracle.ts";

const MODES = [0, 1, 2, 3, 4];
const execute = createExecutor();

/** Compares every outcome and shows the first that differs, with its operands. */
function check(what: Procedure, values: readonly (number | bigint)[], expected: Outcome): void {
  const actual = execute(what, ...values);
  if (actual.bits === expected.bits && actual.flags === expected.flags) return;
  const show = ({ bits, flags }: Outcome) => `0x${bits.toString(16)} flags ${flags}`;
  const operands = values.map((v) => (typeof v === "bigint" ? `0x${v.toString(16)}` : v)).join(", ");
  expect.fail(`${what.name}(${operands}) = ${show(actual)}, not ${show(expected)}`);
}

type Operation = (a: bigint, b: bigint, mode: number) => void;

/** Checks of the operations of two operands. */
function binaryOperations({ format, ...operations }: Arithmetic): Record<string, Operation> {
  const rounded = (
    what: { readonly procedure: Procedure },
    model: (format: Format, a: bigint, b: bigint, mode: number) => Outcome,
  ): Operation => {
    return (a, b, mode) => check(what.procedure, [a, b, mode], model(format, a, b, mode));
  };
  return {
    add: rounded(operations.add, oracle.add),
    multiply: rounded(operations.multiply, oracle.multiply),
    divide: rounded(operations.divide, oracle.divide),
  };
}

function checkExact({ format, ...operations }: Arithmetic, a: bigint, b: bigint): void {
  for (const relation of ["equal", "less", "lessOrEqual"] as const) {
    check(operations[relation].procedure, [a, b], oracle.compare(relation, format, a, b));
  }
  for (const which of ["minimum", "maximum"] as const) {
    check(operations[which].procedure, [a, b], oracle.extreme(which, format, a, b));
  }
}

function checkFused({ format, fusedMultiplyAdd }: Arithmetic, a: bigint, b: bigint, c: bigint, mode: number) {
  const expected = oracle.fusedMultiplyAdd(format, a, b, c, mode);
  check(fusedMultiplyAdd.procedure, [a, b, c, mode], expected);
}

function checkRoot({ format, squareRoot }: Arithmetic, a: bigint, mode: number) {
  check(squareRoot.procedure, [a, mode], oracle.squareRoot(format, a, mode));
}

const INTEGERS = [
  { least: -(1n << 31n), greatest: (1n << 31n) - 1n },
  { least: 0n, greatest: (1n << 32n) - 1n },
  { least: -(1n << 63n), greatest: (1n << 63n) - 1n },
  { least: 0n, greatest: (1n << 64n) - 1n },
];

function checkToInteger({ format, toInteger }: Arithmetic, a: bigint, mode: number) {
  for (const { least, greatest } of INTEGERS) {
    const { bits, flags } = oracle.toInteger(format, a, least, greatest, mode);
    check(toInteger.procedure, [a, -least, greatest, mode], { bits: BigInt.asUintN(64, bits), flags });
  }
}

/** A format so small that all its values can be tried, for every path but those of wide significands. */
const tiny = arithmetic(binaryFormat("tiny", 3, 2));
const everyTinyValue = Array.from({ length: 2 ** tiny.format.width }, (_, i) => BigInt(i));

describe.each([
  ["float16", half],
  ["float32", single],
  ["float64", double],
] as const)("%s", (_, operations) => {
  const { format } = operations;
  const values = edges(format);

  test.each(Object.entries(binaryOperations(operations)))(
    "%s of all edge values in all modes",
    (_, operation) => {
      for (const a of values) for (const b of values) for (const mode of MODES) operation(a, b, mode);
    },
  );

  test.each(Object.entries(binaryOperations(operations)))("%s of random values", (_, operation) => {
    const next = randomValues(format, 1n);
    for (let i = 0; i < 5000; i++) operation(next(), next(), i % 5);
  });

  test("fused multiply-add of edge values", () => {
    const some = values.filter((_, i) => i % 3 !== 1);
    let count = 0;
    for (const a of some)
      for (const b of some) for (const c of some) checkFused(operations, a, b, c, count++ % 5);
  });

  test("fused multiply-add of random values", () => {
    const next = randomValues(format, 2n);
    for (let i = 0; i < 10000; i++) checkFused(operations, next(), next(), next(), i % 5);
  });

  test("fused multiply-add that cancels all but the rounding error of the product", () => {
    const next = randomValues(format, 3n);
    for (let i = 0; i < 2000; i++) {
      const [a, b] = [next(), next()];
      checkFused(operations, a, b, oracle.multiply(format, a, b, i % 4).bits ^ format.sign, i % 5);
    }
  });

  test("square root", () => {
    const next = randomValues(format, 4n);
    for (const mode of MODES) {
      for (const a of values) checkRoot(operations, a, mode);
      for (let i = 0; i < 400; i++) {
        const a = next() & ~format.sign;
        checkRoot(operations, a, mode);
        // Its square, rounded: roots next to the middle of two values.
        checkRoot(operations, oracle.multiply(format, a, a, mode).bits, mode);
      }
    }
  });

  test("comparisons, minimum and maximum", () => {
    for (const a of values) for (const b of values) checkExact(operations, a, b);
    const next = randomValues(format, 5n);
    for (let i = 0; i < 2000; i++) {
      const a = next();
      checkExact(operations, a, next());
      checkExact(operations, a, BigInt.asUintN(64, a + 1n));
    }
  });

  test("classification", () => {
    const next = randomValues(format, 6n);
    const some = Array.from({ length: 1000 }, next);
    for (const a of [...values, ...some]) {
      check(operations.classify.procedure, [a], oracle.classify(format, a));
    }
  });

  test("conversions to integers", () => {
    const random = randomBits(7n);
    // From far below one to beyond the largest integer, with few bits behind the point.
    const nearIntegers = Array.from({ length: 71 * 6 }, (_, i) => {
      const biased = Math.min(format.bias + (i % 71) - 3, format.maximumExponent);
      const exponent = BigInt(biased) << BigInt(format.fractionBits);
      const cut = random() % BigInt(format.fractionBits + 1);
      const fraction = ((random() & format.fraction) >> cut) << cut;
      return (i % 2 === 0 ? format.sign : 0n) | exponent | fraction;
    });
    const bounds = INTEGERS.flatMap(({ least, greatest }) => [least, greatest]).flatMap((bound) =>
      [0, 1, 2, 3].flatMap((mode) => {
        const { bits } = oracle.fromInteger(format, bound, mode);
        return [bits, bits + 1n, bits === 0n ? bits : bits - 1n];
      }),
    );
    for (const mode of MODES) {
      for (const a of [...values, ...nearIntegers, ...bounds]) checkToInteger(operations, a, mode);
    }
  });

  test("conversions from integers", () => {
    const { signed, unsigned } = operations.fromInteger;
    const random = randomBits(8n);
    const powers = Array.from({ length: 64 }, (_, i) => 1n << BigInt(i));
    const near = powers.flatMap((p) => [p - 1n, p, p + 1n, p + (p >> BigInt(format.fractionBits + 1)), -p]);
    const some = powers.map((p) => random() % (2n * p));
    for (const mode of MODES) {
      for (const value of [...near, ...some].map((v) => BigInt.asUintN(64, v))) {
        check(unsigned.procedure, [value, mode], oracle.fromInteger(format, value, mode));
        const expected = oracle.fromInteger(format, BigInt.asIntN(64, value), mode);
        check(signed.procedure, [value, mode], expected);
      }
    }
  });
});

describe("a format of six bits, exhaustively", () => {
  test.each(Object.entries(binaryOperations(tiny)))("%s", (_, operation) => {
    for (const a of everyTinyValue) {
      for (const b of everyTinyValue) for (const mode of MODES) operation(a, b, mode);
    }
  });

  test("operations of one operand, comparisons", () => {
    for (const a of everyTinyValue) {
      for (const b of everyTinyValue) checkExact(tiny, a, b);
      for (const mode of MODES) {
        checkRoot(tiny, a, mode);
        checkToInteger(tiny, a, mode);
      }
    }
  });

  test("fused multiply-add", () => {
    let count = 0;
    const some = everyTinyValue.filter((v) => v % 3n !== 1n);
    for (const a of some) for (const b of some) for (const c of some) checkFused(tiny, a, b, c, count++ % 5);
  });
});

describe("conversions between formats", () => {
  test.each([
    { from: float64, to: float32, narrow: doubleToSingle },
    { from: float64, to: float16, narrow: doubleToHalf },
    { from: float32, to: float16, narrow: singleToHalf },
  ])("$from.name to $to.name, in all modes", ({ from, to, narrow }) => {
    const next = randomValues(from, 9n);
    const tie = 1n << BigInt(from.fractionBits - to.fractionBits - 1);
    const around = edges(to)
      .map((bits) => oracle.convert(to, from, bits, 0).bits)
      .flatMap((bits) => [bits, bits + 1n, bits + tie, bits + tie + 1n, bits - (bits & 1n)]);
    // From half the least subnormal value to the least normal one.
    const lowest = from.bias - to.bias - to.fractionBits - 2;
    const subnormal = Array.from({ length: 200 }, (_, i) => {
      const exponent = BigInt(lowest + (i % (to.fractionBits + 7))) << BigInt(from.fractionBits);
      return exponent | (next() & from.fraction);
    });
    const some = Array.from({ length: 1000 }, next);
    for (const a of [...edges(from), ...around, ...subnormal, ...some]) {
      for (const mode of MODES) check(narrow.procedure, [a, mode], oracle.convert(from, to, a, mode));
    }
  });

  test.each([
    { from: float32, to: float64, widen: singleToDouble },
    { from: float16, to: float64, widen: halfToDouble },
    { from: float16, to: float32, widen: halfToSingle },
  ])("$from.name to $to.name, always exact", ({ from, to, widen }) => {
    const next = randomValues(from, 10n);
    for (const a of [...edges(from), ...Array.from({ length: 1000 }, next)]) {
      check(widen.procedure, [a, 0], oracle.convert(from, to, a, 0));
    }
  });
});

describe("the host's arithmetic, which rounds to nearest even, agrees", () => {
  const view = new DataView(new ArrayBuffer(8));
  const toNumber = (bits: bigint) => {
    view.setBigUint64(0, bits);
    return view.getFloat64(0);
  };
  const toBits = (value: number) => {
    if (Number.isNaN(value)) return float64.canonicalNaN;
    view.setFloat64(0, value);
    return view.getBigUint64(0);
  };
  const toBits32 = (value: number) => {
    if (Number.isNaN(value)) return float32.canonicalNaN;
    view.setFloat32(0, value);
    return BigInt(view.getUint32(0));
  };

  test("on float64", () => {
    const next = randomValues(float64, 11n);
    for (let i = 0; i < 3000; i++) {
      const [a, b] = [next(), next()];
      const [x, y] = [toNumber(a), toNumber(b)];
      expect(execute(double.add.procedure, a, b, 0).bits).toBe(toBits(x + y));
      expect(execute(double.multiply.procedure, a, b, 0).bits).toBe(toBits(x * y));
      expect(execute(double.divide.procedure, a, b, 0).bits).toBe(toBits(x / y));
      expect(execute(double.squareRoot.procedure, a, 0).bits).toBe(toBits(Math.sqrt(x)));
      expect(execute(doubleToSingle.procedure, a, 0).bits).toBe(toBits32(Math.fround(x)));
    }
  });
});
