import { beforeEach, expect, test } from "vitest";
import { Clint, type TimerAndSoftwareInterrupts } from "./clint.ts";

let ticks: bigint;
let compares: bigint[];
let software: boolean[];
let clint: Clint;

beforeEach(() => {
  ticks = 0x1122_3344_5566_7788n;
  compares = [0xffff_ffff_ffff_ffffn, 0x0102_0304_0506_0708n];
  software = [false, true];
  const harts: TimerAndSoftwareInterrupts = {
    harts: 2,
    ticks: () => ticks,
    setTicks: (value) => {
      ticks = value;
    },
    compare: (hart) => compares[hart] ?? 0n,
    setCompare: (hart, value) => {
      compares[hart] = value;
    },
    software: (hart) => software[hart] ?? false,
    setSoftware: (hart, level) => {
      software[hart] = level;
    },
  };
  clint = new Clint(harts);
});

test("msip holds one bit per hart", () => {
  expect(clint.read(0, 4)).toBe(0);
  expect(clint.read(4, 4)).toBe(1);
  clint.write(0, 4, 0xffff_ffff);
  clint.write(4, 4, 0xffff_fffe);
  expect(software).toEqual([true, false]);
  expect(clint.read(0, 4)).toBe(1);
});

test("msip answers narrow accesses: only the byte that holds the bit moves it", () => {
  clint.write(1, 1, 1);
  expect(software[0]).toBe(false);
  clint.write(0, 1, 1);
  expect(software[0]).toBe(true);
  clint.write(2, 2, 0);
  expect(software[0]).toBe(true);
  expect(clint.read(0, 2)).toBe(1);
  expect(clint.read(2, 2)).toBe(0);
});

test("mtimecmp is written half by half, low first", () => {
  clint.write(0x4000, 4, 0x89ab_cdef);
  expect(compares[0]).toBe(0xffff_ffff_89ab_cdefn);
  clint.write(0x4004, 4, 0x0123_4567);
  expect(compares[0]).toBe(0x0123_4567_89ab_cdefn);
  expect(compares[1]).toBe(0x0102_0304_0506_0708n);
});

test("mtimecmp is read in any width", () => {
  expect(clint.read(0x4008, 4)).toBe(0x0506_0708);
  expect(clint.read(0x400c, 4)).toBe(0x0102_0304);
  expect(clint.read(0x400a, 2)).toBe(0x0506);
  expect(clint.read(0x400f, 1)).toBe(0x01);
});

test("narrow writes to mtimecmp leave the other bytes", () => {
  clint.write(0x400e, 2, 0xbeef);
  clint.write(0x4009, 1, 0xaa);
  expect(compares[1]).toBe(0xbeef_0304_0506_aa08n);
});

test("mtime is read and written", () => {
  expect(clint.read(0xbff8, 4)).toBe(0x5566_7788);
  expect(clint.read(0xbffc, 4)).toBe(0x1122_3344);
  clint.write(0xbff8, 4, 0);
  clint.write(0xbffc, 4, 0xffff_ffff);
  expect(ticks).toBe(0xffff_ffff_0000_0000n);
});

test("harts that do not exist and the reserved rest read zero and ignore writes", () => {
  for (const offset of [8, 0x3ffc, 0x4010, 0xbff0, 0xbff4, 0xc000, 0xc004, 0xfffc]) {
    clint.write(offset, 4, 0xffff_ffff);
    expect(clint.read(offset, 4)).toBe(0);
  }
  expect(ticks).toBe(0x1122_3344_5566_7788n);
  expect(compares).toEqual([0xffff_ffff_ffff_ffffn, 0x0102_0304_0506_0708n]);
  expect(software).toEqual([false, true]);
});
