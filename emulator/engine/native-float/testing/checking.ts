/** Compares native arithmetic with what is described on many cases. */
import { expect } from "vitest";
import type { Procedure } from "../../../language/procedure.ts";
import { random32 } from "./cases.ts";
import type { Comparison } from "./comparison.ts";
import { compareNatively } from "./comparison.ts";

const CASES = 50_000;
/** The flag of inexact results in fcsr. */
export const NX = 1n;

/** Fills in cases: fcsr, then the arguments. */
export function fill(
  comparison: Comparison,
  count: number,
  fcsr: () => bigint,
  values: () => bigint[],
): void {
  for (let i = 0; i < count; i++) {
    [fcsr(), ...values()].forEach((value, n) => {
      comparison.cases.setBigUint64(i * comparison.caseBytes + 8 * n, BigInt.asUintN(64, value), true);
    });
  }
}

/** Executes the procedure with arguments from `values` and every state of fcsr. */
export function check(procedure: Procedure, values: () => bigint[]): void {
  const comparison = compareNatively(procedure);
  const next = random32(3);
  fill(comparison, CASES, () => BigInt(next() % 256), values);
  const first = comparison.compare(CASES);
  if (first < 0) return;
  const words = Array.from({ length: comparison.caseBytes / 8 }, (_, n) =>
    comparison.cases.getBigUint64(first * comparison.caseBytes + 8 * n, true).toString(16),
  );
  expect.fail(`${procedure.name} differs; fcsr and arguments are ${words.join(", ")}`);
}

/** Every mode, the usual one often. */
export function modes(): () => bigint {
  const next = random32(17);
  return () => BigInt(next() % 3 === 0 ? next() % 5 : 0);
}
