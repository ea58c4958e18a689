import { expect, test } from "vitest";
import { Bus } from "./bus.ts";
import type { Device } from "./device.ts";

function recorder(name: string) {
  const log: string[] = [];
  const device: Device = {
    name,
    read: (offset, bytes) => {
      log.push(`r${bytes}@${offset}`);
      return offset + 1;
    },
    write: (offset, bytes, value) => {
      log.push(`w${bytes}@${offset}=${value}`);
    },
  };
  return { device, log };
}

const a = recorder("a");
const b = recorder("b");
const c = recorder("c");
const bus = new Bus([
  { base: 0x3000, bytes: 0x10, device: c.device },
  { base: 0x1000, bytes: 0x100, device: a.device },
  { base: 0x1100, bytes: 0x100, device: b.device },
]);

test("an access reaches the device whose window holds it, with the offset from the window's base", () => {
  expect(bus.read(0x1000, 1)).toBe(1);
  expect(bus.read(0x10fc, 4)).toBe(0xfd);
  expect(bus.read(0x1100, 2)).toBe(1);
  expect(bus.read(0x300c, 4)).toBe(0xd);
  expect(a.log.splice(0)).toEqual(["r1@0", "r4@252"]);
  expect(b.log.splice(0)).toEqual(["r2@0"]);
  expect(c.log.splice(0)).toEqual(["r4@12"]);
});

test("written values arrive unsigned and cut to the width of the access", () => {
  expect(bus.write(0x1000, 4, -1)).toBe(true);
  expect(bus.write(0x1002, 2, -2)).toBe(true);
  expect(bus.write(0x1003, 1, 0x1ff)).toBe(true);
  expect(a.log.splice(0)).toEqual(["w4@0=4294967295", "w2@2=65534", "w1@3=255"]);
});

test("nothing answers outside the windows, across their ends, or at unnatural alignment", () => {
  for (const address of [0, 0xfff, 0x1200, 0x2fff, 0x3010, 0xffff_ffff, 2 ** 55]) {
    expect(bus.read(address, 1)).toBeUndefined();
    expect(bus.write(address, 1, 0)).toBe(false);
  }
  const odd = new Bus([{ base: 0x1000, bytes: 0x6, device: a.device }]);
  expect(odd.read(0x1004, 4)).toBeUndefined();
  expect(odd.read(0x1004, 2)).toBe(5);
  expect(bus.read(0x1001, 2)).toBeUndefined();
  expect(bus.write(0x1002, 4, 1)).toBe(false);
});

test("overlapping windows are refused by name", () => {
  expect(
    () =>
      new Bus([
        { base: 0x1080, bytes: 0x100, device: b.device },
        { base: 0x1000, bytes: 0x100, device: a.device },
      ]),
  ).toThrow("a at 0x1000 overlaps b at 0x1080");
});

test("an empty bus answers nothing", () => {
  expect(new Bus([]).read(0, 4)).toBeUndefined();
});
