/** Opcodes of the instructions that the machine is written with (WebAssembly core specification, 5.4). */
import type { Arithmetic, Comparison, Unary } from "../language/expression.ts";

export const ARITHMETIC: Record<Arithmetic, readonly [i32: number, i64: number]> = {
  add: [0x6a, 0x7c],
  sub: [0x6b, 0x7d],
  mul: [0x6c, 0x7e],
  div_s: [0x6d, 0x7f],
  div_u: [0x6e, 0x80],
  rem_s: [0x6f, 0x81],
  rem_u: [0x70, 0x82],
  and: [0x71, 0x83],
  or: [0x72, 0x84],
  xor: [0x73, 0x85],
  shl: [0x74, 0x86],
  shr_s: [0x75, 0x87],
  shr_u: [0x76, 0x88],
  rotl: [0x77, 0x89],
  rotr: [0x78, 0x8a],
};

export const COMPARISON: Record<Comparison, readonly [i32: number, i64: number]> = {
  eq: [0x46, 0x51],
  ne: [0x47, 0x52],
  lt_s: [0x48, 0x53],
  lt_u: [0x49, 0x54],
  gt_s: [0x4a, 0x55],
  gt_u: [0x4b, 0x56],
  le_s: [0x4c, 0x57],
  le_u: [0x4d, 0x58],
  ge_s: [0x4e, 0x59],
  ge_u: [0x4f, 0x5a],
};

export const UNARY: Record<Unary, readonly [i32: number, i64: number]> = {
  clz: [0x67, 0x79],
  ctz: [0x68, 0x7a],
  popcnt: [0x69, 0x7b],
  extend8_s: [0xc0, 0xc2],
  extend16_s: [0xc1, 0xc3],
  // A 32-bit value needs no extension to 32 bits: nop.
  extend32_s: [0x01, 0xc4],
};

export const FLOAT_ARITHMETIC = {
  add: [0x92, 0xa0],
  sub: [0x93, 0xa1],
  mul: [0x94, 0xa2],
  div: [0x95, 0xa3],
} as const;
export const FLOAT_COMPARISON = {
  eq: [0x5b, 0x61],
  ne: [0x5c, 0x62],
  lt: [0x5d, 0x63],
  gt: [0x5e, 0x64],
  le: [0x5f, 0x65],
  ge: [0x60, 0x66],
} as const;
export const FLOAT_UNARY = {
  abs: [0x8b, 0x99],
  neg: [0x8c, 0x9a],
  ceil: [0x8d, 0x9b],
  floor: [0x8e, 0x9c],
  trunc: [0x8f, 0x9d],
  nearest: [0x90, 0x9e],
  sqrt: [0x91, 0x9f],
} as const;
export const FLOAT_CONVERSION = {
  "f32.convert_i64_s": [0xb4],
  "f32.demote_f64": [0xb6],
  "f64.convert_i64_s": [0xb9],
  "f64.promote_f32": [0xbb],
  "i32.reinterpret_f32": [0xbc],
  "i64.reinterpret_f64": [0xbd],
  "f32.reinterpret_i32": [0xbe],
  "f64.reinterpret_i64": [0xbf],
  "i64.trunc_sat_f32_s": [0xfc, 4],
  "i64.trunc_sat_f64_s": [0xfc, 6],
} as const;

export const LOADS = {
  "i32.load": 0x28,
  "i64.load": 0x29,
  "f64.load": 0x2b,
  "i32.load8_s": 0x2c,
  "i32.load8_u": 0x2d,
  "i32.load16_s": 0x2e,
  "i32.load16_u": 0x2f,
  "i64.load8_s": 0x30,
  "i64.load8_u": 0x31,
  "i64.load16_s": 0x32,
  "i64.load16_u": 0x33,
  "i64.load32_s": 0x34,
  "i64.load32_u": 0x35,
} as const;
export const STORES = {
  "i32.store": 0x36,
  "i64.store": 0x37,
  "f64.store": 0x39,
  "i32.store8": 0x3a,
  "i32.store16": 0x3b,
  "i64.store8": 0x3c,
  "i64.store16": 0x3d,
  "i64.store32": 0x3e,
} as const;

/** What nests. */
export const STRUCTURED = { block: 0x02, loop: 0x03, if: 0x04 } as const;
export const ELSE = 0x05;
export const END = 0x0b;

/** Instructions that one number follows: of a local, a global, a function, or of blocks to leave. */
export const NUMBERED = {
  br: 0x0c,
  br_if: 0x0d,
  call: 0x10,
  return_call: 0x12,
  "local.get": 0x20,
  "local.set": 0x21,
  "local.tee": 0x22,
  "global.get": 0x23,
  "global.set": 0x24,
} as const;
export const BR_TABLE = 0x0e;
export const CALL_INDIRECT = 0x11;

/** Instructions that stand alone. */
export const PLAIN = {
  unreachable: 0x00,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  "i32.eqz": 0x45,
  "i32.wrap_i64": 0xa7,
  "i64.extend_i32_s": 0xac,
  "i64.extend_i32_u": 0xad,
} as const;

export const CONSTANT = { i32: 0x41, i64: 0x42, f32: 0x43, f64: 0x44 } as const;

/** The first byte of those that have two; the second says which. */
export const PREFIX = 0xfc;
export const MEMORY_FILL = 11;
