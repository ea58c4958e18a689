/** Numbers as users write them on the command line. All of these throw `Failure` naming the option. */
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";

const sizeUnits = new Map([
  ["", 1],
  ["k", 2 ** 10],
  ["m", 2 ** 20],
  ["g", 2 ** 30],
]);

/** Bytes, from "256M", "1G", "4096" or "0x1000". */
export function parseSize(option: string, text: string): number {
  const match = /^(\d+|0x[0-9a-f]+)(?:([kmg])(?:i?b)?)?$/i.exec(text);
  const unit = sizeUnits.get(match?.[2]?.toLowerCase() ?? "");
  const size = match && unit ? Number(match[1]) * unit : Number.NaN;
  if (!Number.isSafeInteger(size))
    throw usage(`${option}: "${text}" is no size; write for example 256M or 1G`);
  return size;
}

/** Of what is counted and not stored: powers of ten. */
const countUnits = new Map([
  ["", ""],
  ["k", "e3"],
  ["m", "e6"],
  ["g", "e9"],
]);

/** A whole number, from "20_000_000", "20M" or "2e7"; undefined where the text is none. */
export function readCount(text: string): number | undefined {
  const match = /^(\d+)(?:([kmg])|(e\d+))?$/i.exec(text.replaceAll("_", ""));
  const exponent = match?.[3] ?? countUnits.get(match?.[2]?.toLowerCase() ?? "");
  const count = Number(`${match?.[1]}${exponent}`);
  return Number.isSafeInteger(count) ? count : undefined;
}

/** A whole number from `least` to `most`, as `readCount` reads it. */
export function parseCount(option: string, text: string, least: number, most: number): number {
  const count = readCount(text);
  if (count === undefined || count < least || count > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} up` : `from ${least} to ${most}`;
    throw usage(`${option}: "${text}" is no whole number ${range}`);
  }
  return count;
}

/** A positive number of seconds. */
export function parseSeconds(option: string, text: string): number {
  const seconds = /^\d+(\.\d+)?$|^\.\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0)) throw usage(`${option}: "${text}" is no positive number of seconds`);
  return seconds;
}

/** A 64-bit number: decimal, or hexadecimal after 0x. */
export function parseUnsigned(option: string, text: string): bigint {
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(text) || BigInt(text) >= 1n << 64n) {
    throw usage(`${option}: "${text}" is no unsigned 64-bit number; write it in decimal or as 0x…`);
  }
  return BigInt(text);
}

/** Nanoseconds since 1970, from a date such as 2026-01-31T12:00:00Z or from seconds since 1970. */
export function parseTime(option: string, text: string): bigint {
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (!Number.isSafeInteger(milliseconds) || milliseconds < 0) {
    throw usage(`${option}: "${text}" is no time; write 2026-01-31T12:00:00Z or seconds since 1970`);
  }
  return BigInt(milliseconds) * 1_000_000n;
}

/** What the user wrote on the command line is wrong. */
export function usage(message: string): Failure {
  return new Failure(message, exitStatus.badUsage);
}
