import { describe, expect, it } from "vitest";
import { EscapeKey } from "./escape-key.ts";

/** What is typed in pieces, as "text" and "<command>". */
function split(...pieces: string[]): string[] {
  const escapeKey = new EscapeKey();
  const decoder = new TextDecoder();
  return pieces
    .flatMap((piece) => escapeKey.split(new TextEncoder().encode(piece)))
    .map((item) => (item.kind === "text" ? decoder.decode(item.bytes) : `<${item.key}>`));
}

describe("EscapeKey", () => {
  it("passes what is not for it", () => {
    expect(split("ls\r", "\x1b[A\x03")).toEqual(["ls\r", "\x1b[A\x03"]);
    expect(split("")).toEqual([]);
  });

  it("finds commands among text and across pieces", () => {
    expect(split("ab\x01xcd")).toEqual(["ab", "<x>", "cd"]);
    expect(split("ab\x01", "Hcd")).toEqual(["ab", "<h>", "cd"]);
    expect(split("\x01x\x01h")).toEqual(["<x>", "<h>"]);
  });

  it("turns Ctrl-A twice into one", () => {
    expect(split("\x01\x01")).toEqual(["\x01"]);
    expect(split("\x01", "\x01b")).toEqual(["\x01b"]);
    expect(split("\x01\x01\x01x")).toEqual(["\x01", "<x>"]);
  });
});
