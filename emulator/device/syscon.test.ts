import { expect, test } from "vitest";
import { Syscon } from "./syscon.ts";

function machine() {
  const log: string[] = [];
  const syscon = new Syscon({
    powerOff: (status) => log.push(`off ${status}`),
    reboot: () => log.push("reboot"),
  });
  return { syscon, log };
}

test.each([
  [0x5555, "off 0"],
  [0xabcd_5555, "off 0"],
  [0x7777, "reboot"],
  [0x0003_3333, "off 3"],
  [0x00ff_3333, "off 255"],
  [0x0100_3333, "off 255"],
  [0xffff_3333, "off 255"],
  [0x3333, "off 1"],
])("writing %x means %s", (value, meaning) => {
  const { syscon, log } = machine();
  syscon.write(0, 4, value);
  expect(log).toEqual([meaning]);
});

test("a half-word write passes and resets, but cannot carry a code", () => {
  const { syscon, log } = machine();
  syscon.write(0, 2, 0x5555);
  syscon.write(0, 2, 0x3333);
  expect(log).toEqual(["off 0", "off 1"]);
});

test("anything else is ignored", () => {
  const { syscon, log } = machine();
  syscon.write(0, 4, 0);
  syscon.write(0, 4, 0x5554);
  syscon.write(0, 1, 0x55);
  syscon.write(4, 4, 0x5555);
  expect(syscon.read()).toBe(0);
  expect(log).toEqual([]);
});
