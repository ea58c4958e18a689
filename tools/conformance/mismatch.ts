/** Values that differ, in words. */
import { csrNamed } from "../../emulator/isa/csr.ts";
import { describeCause } from "../host/describe-trap.ts";

/** One thing that is not as it must be. */
export interface Mismatch {
  /** For example "a0", "mstatus.SPP" or "memory at 0x80008000". */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** Nothing where both are the same, or nothing is expected. */
export function compareValue(what: string, expected: bigint | undefined, found: bigint): Mismatch[] {
  if (expected === undefined || expected === found) return [];
  return [{ what, expected: wordOf(expected), found: wordOf(found) }];
}

/** The floating-point CSRs in words (unprivileged, "F", 11.2). */
const flags = ["NX", "UF", "OF", "DZ", "NV"].map((name, low) => ({ name, low, width: 1 }));
const floatFields = new Map([
  ["fflags", flags],
  ["fcsr", [...flags, { name: "frm", low: 5, width: 3 }]],
]);

/** Names the fields of a CSR that differ, or the whole register where none has a name. */
export function compareCsrValues(name: string, expected: bigint, found: bigint): Mismatch[] {
  if (found === expected) return [];
  if (name === "mcause" || name === "scause") {
    return [{ what: name, expected: causeWords(expected), found: causeWords(found) }];
  }
  const fields = (floatFields.get(name) ?? csrNamed(name).fields).flatMap(({ name: field, low, width }) => {
    const of = (value: bigint) => (value >> BigInt(low)) & ((1n << BigInt(width)) - 1n);
    return field === "value" ? [] : compareValue(`${name}.${field}`, of(expected), of(found));
  });
  return fields.length > 0 ? fields : compareValue(name, expected, found);
}

function causeWords(value: bigint): string {
  const code = BigInt.asUintN(63, value);
  const known = code < 64n ? ` (${describeCause(value >> 63n === 1n, Number(code))})` : "";
  return wordOf(value) + known;
}

/** A number as people read it best. */
export const wordOf = (value: bigint): string => (value < 10n ? value.toString() : `0x${value.toString(16)}`);

/** For example "a4 expected 0x80, found 0". */
export const mismatchText = ({ what, expected, found }: Mismatch): string =>
  `${what} expected ${expected}, found ${found}`;
