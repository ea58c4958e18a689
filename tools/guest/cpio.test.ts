import { describe, expect, it } from "vitest";
import { writeCpio } from "./cpio.ts";

interface Member {
  name: string;
  mode: string;
  rdev: [number, number];
  data: string;
}

/** Reads an archive by the format's description: 13 fields of 8 hex digits, name and data padded to 4 bytes. */
function readCpio(archive: Uint8Array): Member[] {
  const text = Buffer.from(archive).toString("latin1");
  const members: Member[] = [];
  for (let at = 0; at < text.length; ) {
    expect(text.slice(at, at + 6)).toBe("070701");
    const field = (index: number): number =>
      Number.parseInt(text.slice(at + 6 + index * 8, at + 14 + index * 8), 16);
    const nameEnd = at + 110 + field(11);
    expect(text[nameEnd - 1]).toBe("\0");
    const dataStart = Math.ceil(nameEnd / 4) * 4;
    const dataEnd = dataStart + field(6);
    members.push({
      name: text.slice(at + 110, nameEnd - 1),
      mode: field(1).toString(8),
      rdev: [field(9), field(10)],
      data: text.slice(dataStart, dataEnd),
    });
    at = Math.ceil(dataEnd / 4) * 4;
  }
  return members;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("writeCpio", () => {
  it("writes every type of entry with its mode", () => {
    const archive = writeCpio([
      { type: "directory", path: "bin" },
      { type: "file", path: "bin/busybox", data: bytes("ELF!!") },
      { type: "symlink", path: "bin/sh", target: "busybox" },
      { type: "file", path: "motd", data: bytes("hello"), mode: 0o644 },
      { type: "character-device", path: "console", major: 5, minor: 1 },
      { type: "block-device", path: "vda", major: 254, minor: 0, mode: 0o660 },
    ]);
    expect(readCpio(archive)).toEqual([
      { name: "bin", mode: "40755", rdev: [0, 0], data: "" },
      { name: "bin/busybox", mode: "100755", rdev: [0, 0], data: "ELF!!" },
      { name: "bin/sh", mode: "120777", rdev: [0, 0], data: "busybox" },
      { name: "motd", mode: "100644", rdev: [0, 0], data: "hello" },
      { name: "console", mode: "20600", rdev: [5, 1], data: "" },
      { name: "vda", mode: "60660", rdev: [254, 0], data: "" },
      { name: "TRAILER!!!", mode: "0", rdev: [0, 0], data: "" },
    ]);
  });

  it("adds missing parent directories, each once and before what is in them", () => {
    const archive = writeCpio([
      { type: "file", path: "usr/bin/a", data: bytes("") },
      { type: "file", path: "usr/bin/b", data: bytes("") },
    ]);
    expect(readCpio(archive).map(({ name }) => name)).toEqual([
      "usr",
      "usr/bin",
      "usr/bin/a",
      "usr/bin/b",
      "TRAILER!!!",
    ]);
  });

  it("keeps members on 4-byte boundaries for names and data of any length", () => {
    const entries = [1, 2, 3, 4, 5].map((length) => ({
      type: "file" as const,
      path: "n".repeat(length),
      data: bytes("d".repeat(length)),
    }));
    const read = readCpio(writeCpio(entries));
    expect(read.slice(0, -1).map(({ name, data }) => [name.length, data.length])).toEqual(
      entries.map(({ path, data }) => [path.length, data.length]),
    );
  });

  it.each(["", "/absolute", "a//b", "../up", "a/./b"])("refuses the path %j", (path) => {
    expect(() => writeCpio([{ type: "directory", path }])).toThrow("not a plain relative path");
  });

  it("refuses the same path twice", () => {
    const entry = { type: "directory", path: "a" } as const;
    expect(() => writeCpio([entry, entry])).toThrow('"a" is in the archive twice');
  });
});
