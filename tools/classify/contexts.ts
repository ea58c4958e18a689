/** What a program sees of the machine and may change itself: Popek and Goldberg's executable storage. */
import { DATA, PAGE_BYTES } from "./memory.ts";

/** Everything in it is equal in two states that are compared. */
export interface Context {
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly fcsr: bigint;
  readonly data: Uint8Array;
  /** Bytes that are reserved at the address in a1, as by LR. */
  readonly reserved: 0 | 4 | 8;
}

const POINTER = DATA + 0x800n;
const registers = (value: (n: number) => bigint) => Array.from({ length: 32 }, (_, n) => value(n));
const pointers = registers((n) => POINTER + 8n * BigInt(n));
const EDGES = [-1n, 0n, 1n, 1n << 63n, (1n << 63n) - 1n, 0x8000_0000n, -0x8000_0000n, 0x5555_aaaa_1234_5678n];
const doubles = [
  0x3ff0_0000_0000_0000n,
  0x4009_21fb_5444_2d18n,
  0xbfd5_5555_5555_5555n,
  0x7fef_ffff_ffff_ffffn,
];
const specials = [0x7ff8_0000_0000_0000n, 0xffff_ffff_3f80_0000n, 0xffff_ffff_7f80_0001n, 1n];
const cyclic = (values: readonly bigint[]) => (n: number) => values[n % values.length] ?? 0n;

const pattern = (step: number) => Uint8Array.from({ length: PAGE_BYTES }, (_, i) => (i * step + 17) & 0xff);
const ROUND_DOWN = 2n << 5n;

/** Pointers to the data page, with a doubleword or a word reserved; and the edges of number ranges. */
export const contexts: readonly Context[] = [
  { x: pointers, f: registers(cyclic(doubles)), fcsr: 0n, data: pattern(7), reserved: 8 },
  // a1, the usual source operand, gets -1: it sets every bit of a CSR.
  {
    x: registers((n) => cyclic(EDGES)(n + EDGES.length - 3)),
    f: registers(cyclic(specials)),
    fcsr: ROUND_DOWN | 0x1fn,
    data: pattern(1),
    reserved: 0,
  },
  {
    x: pointers,
    f: registers(cyclic([...specials, ...doubles])),
    fcsr: ROUND_DOWN,
    data: pattern(3),
    reserved: 4,
  },
];
