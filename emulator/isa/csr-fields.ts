/**
 * CSR fields and their WARL rules, written as one line per register:
 *
 *     "SIE:1 MPP:12-11{0,1,3} UXL:33-32=2"
 *
 * A bare field takes every value, a field with a set takes the values listed and otherwise keeps its own, a field with
 * `=` always reads as that value. Bits that no field names read as zero.
 */
import type { I64 } from "../language/expression.ts";
import { select, u32 } from "../language/expression.ts";

export interface CsrField {
  readonly name: string;
  readonly low: number;
  readonly width: number;
  readonly rule: "any" | { readonly legal: readonly bigint[] } | { readonly constant: bigint };
}

const FIELD = /^([A-Za-z0-9]+):(\d+)(?:-(\d+))?(?:\{([\d,]+)\}|=(\d+))?$/;

/** Reads a line of fields. Throws on what does not fit the form above. */
export function parseCsrFields(line: string): readonly CsrField[] {
  return line
    .split(/\s+/)
    .filter((t) => t !== "")
    .map((token) => {
      const parts = FIELD.exec(token);
      if (parts === null) throw new Error(`CSR field "${token}" has no known form`);
      const [, name = "", high = "0", low = high, legal, constant] = parts;
      const rule =
        legal !== undefined
          ? { legal: legal.split(",").map(BigInt) }
          : constant !== undefined
            ? { constant: BigInt(constant) }
            : ("any" as const);
      return { name, low: Number(low), width: Number(high) - Number(low) + 1, rule };
    });
}

const maskOf = (field: CsrField): bigint => ((1n << BigInt(field.width)) - 1n) << BigInt(field.low);

const unite = (fields: readonly CsrField[], value: (field: CsrField) => bigint): bigint =>
  fields.reduce((sum, field) => sum | value(field), 0n);

/** The bits that always read the same, at their places. */
export const constantBits = (fields: readonly CsrField[]): bigint =>
  unite(fields, (f) =>
    typeof f.rule === "object" && "constant" in f.rule ? f.rule.constant << BigInt(f.low) : 0n,
  );

/** What the register holds after `value` is written over `old`, by the rules of its fields. */
export function legalise(fields: readonly CsrField[], old: I64, value: I64): I64 {
  const free = unite(fields, (f) => (f.rule === "any" ? maskOf(f) : 0n));
  let result = value.and(free).or(constantBits(fields));
  for (const field of fields) {
    if (typeof field.rule !== "object" || !("legal" in field.rule)) continue;
    const written = value.bits(field.low, field.width);
    const legal = field.rule.legal.reduce((any, v) => any.or(written.eq(v)), u32(0));
    result = result.or(select(legal, value, old).and(maskOf(field)));
  }
  return result;
}

/** A register of one field over all 64 bits. */
export const wholeRegister: readonly CsrField[] = parseCsrFields("value:63-0");

/** Nothing can be written: the register reads as zero. */
export const zeroRegister: readonly CsrField[] = [];
