import { describe, expect, test } from "vitest";
import type { Arithmetic } from "../../float/arithmetic.ts";
import { double, doubleToSingle, half, single, singleToDouble } from "../../float/arithmetic.ts";
import { float32 } from "../../float/format.ts";
import { u64 } from "../../language/expression.ts";
import type { Procedure } from "../../language/procedure.ts";
import { block, returns } from "../../language/statement.ts";
import { nativeFloat } from "./native-float.ts";
import type { Solve } from "./testing/cases.ts";
import { operandsOf, random32, toBits, toNumber } from "./testing/cases.ts";
import { check, fill, modes, NX } from "./testing/checking.ts";
import { compareNatively } from "./testing/comparison.ts";

const INTEGERS = [
  [1n << 31n, (1n << 31n) - 1n],
  [0n, (1n << 32n) - 1n],
  [1n << 63n, (1n << 63n) - 1n],
  [0n, (1n << 64n) - 1n],
] as const;

describe.each([single, double])("native and described procedures agree on $format.name", (operations) => {
  const { format } = operations;
  const mode = modes();
  const next = random32(5);
  const random64 = () => (BigInt(next()) << 32n) | BigInt(next());

  const arithmetic: [keyof Arithmetic & string, Procedure, number, Solve][] = [
    ["add", operations.add.procedure, 2, (r, a = 0) => r - a],
    ["multiply", operations.multiply.procedure, 2, (r, a = 0) => r / a],
    ["divide", operations.divide.procedure, 2, (r, a = 0) => a / r],
    ["squareRoot", operations.squareRoot.procedure, 1, (r) => r * r],
    ["fusedMultiplyAdd", operations.fusedMultiplyAdd.procedure, 3, (r, a = 0, b = 0) => r - a * b],
  ];
  test.each(arithmetic)("%s", (_, procedure, count, solve) => {
    const operands = operandsOf(format, count, solve, 100 + count);
    check(procedure, () => [...operands(), mode()]);
  });

  test.each(["equal", "less", "lessOrEqual"] as const)("%s", (relation) => {
    const operands = operandsOf(format, 2, (_, a = 0) => a, 200);
    check(operations[relation].procedure, operands);
  });

  test("toInteger", () => {
    const operands = operandsOf(format, 1, (r) => r, 300);
    const nearInteger = () => {
      const exponent = BigInt(format.bias - 3 + (next() % 71)) << BigInt(format.fractionBits);
      const fraction = random64() & format.fraction & (-1n << BigInt(next() % (format.fractionBits + 1)));
      const sign = next() % 2 === 0 ? format.sign : 0n;
      return sign | exponent | (next() % 8 === 0 ? format.fraction : fraction);
    };
    check(operations.toInteger.procedure, () => {
      const a = next() % 3 === 0 ? operands() : [nearInteger()];
      return [...a, ...(INTEGERS[next() % 4] ?? []), BigInt(next() % 5)];
    });
  });

  test.each(["signed", "unsigned"] as const)("fromInteger, %s", (which) => {
    const integer = () => {
      const bits = random64() >> BigInt(next() % 64);
      const nearPower = (1n << BigInt(next() % 64)) + BigInt(next() % 5) - 2n;
      return [nearPower, -bits, bits, -nearPower][next() % 4] ?? 0n;
    };
    check(operations.fromInteger[which].procedure, () => [integer(), mode()]);
  });
});

describe("native and described conversions between formats agree", () => {
  const mode = modes();

  test("single to double", () => {
    const operands = operandsOf(single.format, 1, (r) => r, 400);
    check(singleToDouble.procedure, () => [...operands(), mode()]);
  });

  test("double to single", () => {
    const next = random32(11);
    const { format } = double;
    const doubles = operandsOf(format, 1, (r) => r, 500);
    const singles = operandsOf(float32, 1, (r) => r, 600);
    // At, and next to, what singles are and the middles between them.
    const near = () => {
      const [bits = 0n] = singles();
      const middle = next() % 2 === 0 ? 1n << 28n : 0n;
      const value = toBits(format, toNumber(float32, bits));
      return [value + middle + BigInt(next() % 3) - 1n];
    };
    check(doubleToSingle.procedure, () => [...(next() % 3 === 0 ? doubles() : near()), mode()]);
  });
});

describe("the usual native path is taken", () => {
  const next = random32(23);
  const toward = (mode: bigint) => () => mode;
  const nearest = toward(0n);

  const slow = (procedure: Procedure, fcsr: bigint, values: () => bigint[]) => {
    const comparison = compareNatively(procedure);
    fill(comparison, 1000, () => fcsr, values);
    return comparison.countSlow(1000);
  };

  test.each([single, double])("on $format.name once NX is set", (operations) => {
    const { format } = operations;
    const number = () => toBits(format, 1 + next() / 2 ** 32 + next() / 2 ** 52);
    const integer = () => BigInt(next() % 10000);
    const { add, multiply, divide, squareRoot, fusedMultiplyAdd, less, equal, lessOrEqual } = operations;
    for (const { procedure } of [add, multiply, divide]) {
      expect(slow(procedure, NX, () => [number(), number(), nearest()])).toBe(0);
    }
    expect(slow(squareRoot.procedure, NX, () => [number(), nearest()])).toBe(0);
    expect(
      slow(fusedMultiplyAdd.procedure, NX, () => [number(), number(), number(), nearest()]),
    ).toBeLessThan(2);
    for (const { procedure } of [less, equal, lessOrEqual]) {
      expect(slow(procedure, 0n, () => [number(), number()])).toBe(0);
    }
    for (const mode of [0n, 1n, 2n, 3n]) {
      const bounds = INTEGERS[Number(mode)] ?? [];
      expect(slow(operations.toInteger.procedure, NX, () => [number(), ...bounds, mode])).toBe(0);
    }
    for (const { procedure } of Object.values(operations.fromInteger)) {
      expect(slow(procedure, 0n, () => [integer(), nearest()])).toBe(0);
    }
  });

  test("but not before, nor in another mode", () => {
    const number = () => toBits(double.format, 1 + next() / 2 ** 32);
    expect(slow(double.add.procedure, 0n, () => [number(), number(), 0n])).toBe(1000);
    expect(slow(double.add.procedure, NX, () => [number(), number(), 1n])).toBe(1000);
  });
});

test("half precision is executed as described", () => {
  expect(nativeFloat(half.add.procedure, true)).toBeUndefined();
});

test("a seeded fault is not hidden behind native arithmetic", () => {
  const wrong = block(() => returns(u64(42)));
  const { procedure } = double.add;
  const comparison = compareNatively(procedure, (name, body) => (name === procedure.name ? wrong : body));
  fill(
    comparison,
    1,
    () => NX,
    () => [toBits(double.format, 1), toBits(double.format, 2), 0n],
  );
  expect(comparison.compare(1)).toBe(0);
});
