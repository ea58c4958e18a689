import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { cells, decodeDeviceTree, doubleCells, encodeDeviceTree, flag, node, text } from "./device-tree.ts";

const tree = node("", { model: text("test"), flagged: flag }, [
  node("soc", { "#address-cells": cells(2), odd: Uint8Array.of(1, 2, 3) }, [
    node("serial@10000000", { reg: doubleCells(0x1_0000_0000, 0x100), model: text("a", "bc") }),
  ]),
  node("empty", {}),
]);

describe("values", () => {
  test("cells are big-endian", () => {
    expect(cells(1, 0xdead_beef)).toEqual(Uint8Array.of(0, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef));
  });

  test("double cells hold addresses above 4 GiB", () => {
    expect(doubleCells(0x12_8000_0000)).toEqual(Uint8Array.of(0, 0, 0, 0x12, 0x80, 0, 0, 0));
  });

  test("strings end in NUL and may not contain it", () => {
    expect(text("a", "")).toEqual(Uint8Array.of(0x61, 0, 0));
    expect(() => text("console=\0")).toThrow('device tree: "console=\\u0000" contains a NUL character');
  });
});

describe("encoding", () => {
  const block = encodeDeviceTree(tree);
  const view = new DataView(block.buffer);

  test("has a version 17 header that describes the block", () => {
    const header = Array.from({ length: 10 }, (_, index) => view.getUint32(index * 4));
    const [
      magic,
      total,
      structure,
      strings,
      reservations,
      version,
      compatible,
      cpu,
      stringsBytes,
      structureBytes,
    ] = header;
    expect([magic, version, compatible, cpu]).toEqual([0xd00dfeed, 17, 16, 0]);
    expect([total, reservations, structure]).toEqual([block.length, 40, 56]);
    expect(strings).toBe(56 + (structureBytes ?? 0));
    expect(total).toBe((strings ?? 0) + (stringsBytes ?? 0));
    expect(block.subarray(40, 56)).toEqual(new Uint8Array(16));
  });

  test("stores each property name once", () => {
    const names = new TextDecoder().decode(block.subarray(view.getUint32(12)));
    expect(names).toBe("model\0flagged\0#address-cells\0odd\0reg\0");
  });

  test("is undone by decoding", () => {
    expect(decodeDeviceTree(block)).toEqual(tree);
  });
});

describe("decoding", () => {
  test("skips NOP tokens", () => {
    const block = encodeDeviceTree(node("", { a: cells(1), b: cells(2) }));
    // A property of 4 bytes takes four words: three of header, one of value.
    new Uint32Array(block.buffer, 56 + 8, 4).fill(0x0400_0000);
    expect(decodeDeviceTree(block)).toEqual(node("", { b: cells(2) }));
  });

  test.each<[string, (block: Uint8Array, view: DataView) => Uint8Array | undefined]>([
    ["not a device tree", (block) => block.fill(0)],
    ["not a device tree", (block) => block.subarray(0, 39)],
    ["truncated", (block) => block.subarray(0, block.length - 1)],
    ["of a later version", (_, view) => void view.setUint32(24, 18)],
    ["has no root", (_, view) => void view.setUint32(56, 2)],
    ["damaged at byte 64", (_, view) => void view.setUint32(64, 77)],
    ["truncated", (block, view) => void view.setUint32(8, block.length)],
  ])("refuses a block that is %s", (message, spoil) => {
    const block = encodeDeviceTree(tree);
    const spoilt = spoil(block, new DataView(block.buffer)) ?? block;
    expect(() => decodeDeviceTree(spoilt)).toThrow(message);
  });
});

const dtc = (() => {
  try {
    execFileSync("dtc", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!dtc)("dtc reads what is encoded (skipped where dtc is not installed)", () => {
  const source = execFileSync("dtc", ["-q", "-I", "dtb", "-O", "dts"], {
    input: encodeDeviceTree(tree),
  }).toString();
  expect(source.replace(/\s+/g, " ")).toBe(
    '/dts-v1/; / { model = "test"; flagged; soc { #address-cells = <0x02>; odd = [01 02 03]; ' +
      'serial@10000000 { reg = <0x01 0x00 0x00 0x100>; model = "a\\0bc"; }; }; empty { }; }; ',
  );
});
