import { beforeEach, expect, test } from "vitest";
import * as map from "../board/memory-map.ts";
import { defaultOptions } from "../board/options.ts";
import { placeMachine } from "../board/placement.ts";
import { contextOf, Evaluator } from "../engine/reference/evaluate.ts";
import { state } from "../hart/layout.ts";
import { readVirtual, writeVirtual } from "../memory/virtual.ts";
import { SLOTS_PER_TICK } from "../trap/interrupt.ts";
import { readClint, writeClint } from "./clint.ts";

const { harts, bytes, settings } = placeMachine({
  ...defaultOptions,
  engine: "reference",
  harts: 2,
  memory: 4096,
});
const nowhere = () => {
  throw new Error("the CLINT needs no host");
};
const host = { deviceAt: nowhere, deviceRead: nowhere, deviceWrite: nowhere, storeObserved: nowhere };
const evaluator = new Evaluator(
  { settings, host },
  { readVirtual: readVirtual.procedure, writeVirtual: writeVirtual.procedure },
);

let memory: Uint8Array;
let view: DataView;

/** Accesses are hart 1's, so that a hart's own registers and another's are both reached. */
const call = (procedure: Parameters<typeof evaluator.call>[0], ...values: (number | bigint)[]) =>
  evaluator.call(procedure, contextOf(memory.buffer, harts[1] ?? 0), values);
const read = (offset: number, width: number) => call(readClint.procedure, map.clint.base + offset, width);
const write = (offset: number, width: number, value: bigint) =>
  call(writeClint.procedure, map.clint.base + offset, width, value);
const get = (hart: number, offset: number) => view.getBigUint64((harts[hart] ?? 0) + offset, true);
const set = (hart: number, offset: number, value: bigint) =>
  view.setBigUint64((harts[hart] ?? 0) + offset, value, true);
const compares = () => [get(0, state.mtimecmp.offset), get(1, state.mtimecmp.offset)];
const software = () => [get(0, state.lines.offset) === 8n, get(1, state.lines.offset) === 8n];
const ticks = (hart: number) =>
  BigInt.asUintN(
    64,
    get(hart, state.clock.offset) / BigInt(SLOTS_PER_TICK) + get(hart, state.timeOffset.offset),
  );

beforeEach(() => {
  memory = new Uint8Array(bytes);
  view = new DataView(memory.buffer);
  for (const hart of [0, 1]) {
    set(hart, state.clock.offset, 0x88n * BigInt(SLOTS_PER_TICK));
    set(hart, state.timeOffset.offset, 0x1122_3344_5566_7700n);
    set(hart, state.timersUntil.offset, 99n);
  }
  set(0, state.mtimecmp.offset, 0xffff_ffff_ffff_ffffn);
  set(1, state.mtimecmp.offset, 0x0102_0304_0506_0708n);
  set(1, state.lines.offset, 8n);
});

test("msip holds one bit per hart", () => {
  expect(read(0, 4)).toBe(0n);
  expect(read(4, 4)).toBe(1n);
  expect(read(0, 8)).toBe(1n << 32n);
  write(0, 4, 0xffff_ffffn);
  write(4, 4, 0xffff_fffen);
  expect(software()).toEqual([true, false]);
  expect(read(0, 4)).toBe(1n);
});

test("msip answers narrow accesses: only the byte that holds the bit moves it", () => {
  write(1, 1, 1n);
  expect(software()).toEqual([false, true]);
  write(0, 1, 1n);
  expect(software()).toEqual([true, true]);
  write(2, 2, 0n);
  expect(software()).toEqual([true, true]);
  expect(read(0, 2)).toBe(1n);
  expect(read(2, 2)).toBe(0n);
});

test("other interrupt lines stay as they are", () => {
  set(0, state.lines.offset, 0x200n);
  write(0, 4, 1n);
  expect(get(0, state.lines.offset)).toBe(0x208n);
  write(0, 4, 0n);
  expect(get(0, state.lines.offset)).toBe(0x200n);
});

test("mtimecmp is written as a whole or half by half", () => {
  write(0x4000, 4, 0x89ab_cdefn);
  expect(compares()).toEqual([0xffff_ffff_89ab_cdefn, 0x0102_0304_0506_0708n]);
  write(0x4004, 4, 0x0123_4567n);
  expect(compares()).toEqual([0x0123_4567_89ab_cdefn, 0x0102_0304_0506_0708n]);
  write(0x4008, 8, 5n);
  expect(compares()).toEqual([0x0123_4567_89ab_cdefn, 5n]);
});

test("mtimecmp is read in any width", () => {
  expect(read(0x4008, 8)).toBe(0x0102_0304_0506_0708n);
  expect(read(0x4008, 4)).toBe(0x0506_0708n);
  expect(read(0x400c, 4)).toBe(0x0102_0304n);
  expect(read(0x400a, 2)).toBe(0x0506n);
  expect(read(0x400f, 1)).toBe(0x01n);
});

test("narrow writes to mtimecmp leave the other bytes", () => {
  write(0x400e, 2, 0xbeefn);
  write(0x4009, 1, 0xaan);
  expect(compares()[1]).toBe(0xbeef_0304_0506_aa08n);
});

test("mtime is read, and written for all harts", () => {
  expect(read(0xbff8, 4)).toBe(0x5566_7788n);
  expect(read(0xbffc, 4)).toBe(0x1122_3344n);
  write(0xbff8, 4, 0n);
  write(0xbffc, 4, 0xffff_ffffn);
  expect([ticks(0), ticks(1)]).toEqual([0xffff_ffff_0000_0000n, 0xffff_ffff_0000_0000n]);
  write(0xbff8, 8, 7n);
  expect([ticks(0), ticks(1)]).toEqual([7n, 7n]);
});

test("whoever compares must look again", () => {
  write(0x4000, 4, 0n);
  expect([get(0, state.timersUntil.offset), get(1, state.timersUntil.offset)]).toEqual([0n, 99n]);
  write(0xbff8, 8, 0n);
  expect(get(1, state.timersUntil.offset)).toBe(0n);
});

test("harts that do not exist and the reserved rest read zero and ignore writes", () => {
  const before = memory.slice();
  for (const offset of [8, 0x3ffc, 0x4010, 0xbff0, 0xbff4, 0xc000, 0xc004, 0xfffc]) {
    write(offset, 4, 0xffff_ffffn);
    expect(read(offset, 4)).toBe(0n);
  }
  expect(Buffer.compare(memory, before)).toBe(0);
});
