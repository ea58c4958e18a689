import { describe, expect, test } from "vitest";
import { ImageError } from "./image-error.ts";
import { parseLinuxImage } from "./linux-image.ts";

interface Header {
  magic?: number;
  textOffset?: bigint;
  imageBytes?: bigint;
  flags?: bigint;
  fileBytes?: number;
}

function image({
  magic = 0x05435352,
  textOffset = 0x20_0000n,
  imageBytes = 0x8000n,
  flags = 0n,
  ...rest
}: Header = {}) {
  const bytes = new Uint8Array(rest.fileBytes ?? 0x1000);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, textOffset, true);
  view.setBigUint64(16, imageBytes, true);
  view.setBigUint64(24, flags, true);
  view.setUint32(56, magic, true);
  return bytes;
}

/** An image whose PE/COFF header, at byte 64, has one section of 0x800 bytes from byte 0x1000. */
function efiImage(fileBytes: number): Uint8Array {
  const bytes = image({ fileBytes });
  const view = new DataView(bytes.buffer);
  view.setUint32(60, 64, true);
  view.setUint32(64, 0x4550, true);
  view.setUint16(64 + 6, 1, true);
  view.setUint16(64 + 20, 16, true);
  const section = 64 + 24 + 16;
  view.setUint32(section + 16, 0x800, true);
  view.setUint32(section + 20, 0x1000, true);
  return bytes;
}

test("a header says where the kernel goes and what memory it takes", () => {
  expect(parseLinuxImage(image(), "kernel")).toEqual({ textOffset: 0x20_0000, memoryBytes: 0x8000 });
});

test("a file longer than its kernel is taken whole", () => {
  expect(parseLinuxImage(image({ imageBytes: 0n }), "kernel")?.memoryBytes).toBe(0x1000);
});

test("anything else is no Linux image", () => {
  expect(parseLinuxImage(new Uint8Array(63), "kernel")).toBeUndefined();
  expect(parseLinuxImage(image({ magic: 0 }), "kernel")).toBeUndefined();
});

describe("refused", () => {
  test.each<[string, Header, string]>([
    ["a kernel for ARM", { magic: 0x644d5241 }, "for 64-bit ARM"],
    ["a big-endian kernel", { flags: 1n }, "big-endian"],
    ["an absurd size", { imageBytes: 1n << 63n }, "claims 9223372036854775808 bytes at offset 2097152"],
    ["an absurd offset", { textOffset: 1n << 63n }, "at offset 9223372036854775808"],
  ])("%s", (_, header, message) => {
    expect(() => parseLinuxImage(image(header), "kernel")).toThrow(ImageError);
    expect(() => parseLinuxImage(image(header), "kernel")).toThrow(message);
  });

  test("a truncated kernel, as its EFI header tells", () => {
    expect(parseLinuxImage(efiImage(0x1800), "kernel")?.memoryBytes).toBe(0x8000);
    expect(() => parseLinuxImage(efiImage(0x17ff), "kernel")).toThrow(
      "kernel: the Linux kernel is truncated: its sections end at byte 6144, the file has 6143 bytes",
    );
    expect(() => parseLinuxImage(efiImage(0x1800).subarray(0, 120), "kernel")).toThrow("truncated");
  });
});
