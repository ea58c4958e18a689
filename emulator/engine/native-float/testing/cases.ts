/** Many arguments that are worth trying, quickly. */
import type { Format } from "../../../float/format.ts";
import { edges, randomValues } from "../../../float/testing/operands.ts";

/** Pseudo-random 32-bit numbers, the same in every run (xorshift32). */
export function random32(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const scratch = new DataView(new ArrayBuffer(8));

export function toNumber(format: Format, bits: bigint): number {
  scratch.setBigUint64(0, bits);
  return format.width === 64 ? scratch.getFloat64(0) : scratch.getFloat32(4);
}

export function toBits(format: Format, value: number): bigint {
  if (format.width === 64) scratch.setFloat64(0, value);
  else scratch.setBigUint64(0, 0n);
  if (format.width === 32) scratch.setFloat32(4, value);
  return scratch.getBigUint64(0);
}

/** Solves an operation for its last operand: about what makes it give `result`, with the others given. */
export type Solve = (result: number, ...others: readonly number[]) => number;

/**
 * Operands of a format: values at its edges and with long runs of equal bits, numbers with few significant bits, and last
 * operands for which the result is such a value or its neighbour.
 */
export function operandsOf(format: Format, count: number, solve: Solve, seed: number): () => bigint[] {
  const next = random32(seed);
  const values = randomValues(format, BigInt(seed));
  const { fractionBits, bias, minimumNormal, infinity } = format;
  const short = (): bigint => {
    const exponent = BigInt(bias - 30 + (next() % 61)) << BigInt(fractionBits);
    const few = BigInt(1 + (next() % fractionBits));
    return exponent | (values() & format.fraction & (-1n << (BigInt(fractionBits) - few)));
  };
  const bounds = [minimumNormal, infinity, 0n].flatMap((bound) =>
    Array.from({ length: 9 }, (_, i) => bound + BigInt(i) - 4n).filter((bits) => bits >= 0n),
  );
  const pool = [
    ...edges(format),
    ...bounds,
    ...Array.from({ length: 3000 }, values),
    ...Array.from({ length: 3000 }, short),
  ];
  const pick = (from: readonly bigint[]) => from[next() % from.length] ?? 0n;
  const mask = (1n << BigInt(format.width)) - 1n;
  return () => {
    const operands = Array.from({ length: count }, () => pick(pool));
    const kind = next() % 4;
    if (kind > 1) {
      const others = operands.slice(0, -1).map((bits) => toNumber(format, bits));
      const result = toNumber(format, pick(kind === 2 ? bounds : pool));
      const solved = toBits(format, solve(result, ...others)) + BigInt(next() % 5) - 2n;
      operands[count - 1] = (next() % 2 === 0 ? solved : solved ^ format.sign) & mask;
    }
    return operands;
  };
}
