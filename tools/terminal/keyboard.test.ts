import { describe, expect, it } from "vitest";
import { type InputItem, Keyboard } from "./keyboard.ts";

const show = (item: InputItem) => {
  if (item.kind === "mouse") return `${item.action}@${item.x},${item.y}`;
  if (item.kind === "text") return `"${Buffer.from(item.bytes).toString()}"`;
  return item.name ?? `?${Buffer.from(item.bytes).toString().slice(1)}`;
};

function type(...pieces: string[]): string[] {
  const keyboard = new Keyboard();
  const items = pieces.flatMap((piece) => keyboard.decode(new TextEncoder().encode(piece)));
  return [...items, ...keyboard.flush()].map(show);
}

describe("Keyboard", () => {
  it("passes text, control characters and UTF-8 as they came", () => {
    expect(type("ls\r\x03é")).toEqual(['"ls\r\x03é"']);
  });

  it("names function and cursor keys of xterm, rxvt and the Linux console", () => {
    expect(type("\x1bOP\x1b[12~\x1b[[C\x1b[15~\x1b[21~\x1b[23~\x1b[24~")).toEqual([
      "f1",
      "f2",
      "f3",
      "f5",
      "f10",
      "f11",
      "f12",
    ]);
    expect(type("a\x1b[Ab\x1bOD\x1b[5;2~")).toEqual(['"a"', "up", '"b"', "left", "shift-page-up"]);
  });

  it("keeps unknown sequences whole, for the guest", () => {
    expect(type("\x1b[1;5C\x1bf\x1b[3~")).toEqual(["?[1;5C", "?f", "?[3~"]);
  });

  it("puts a split sequence together, and tells Escape from one", () => {
    expect(type("x\x1b", "[1", "5~y")).toEqual(['"x"', "f5", '"y"']);
    expect(type("\x1b")).toEqual(["escape"]);
  });

  it("reads the mouse", () => {
    expect(type("\x1b[<0;1;1M\x1b[<0;80;24m\x1b[<64;5;6M\x1b[<65;5;6M\x1b[<32;2;2M")).toEqual([
      "press@0,0",
      "release@79,23",
      "wheel-up@4,5",
      "wheel-down@4,5",
      "drag@1,1",
    ]);
  });
});
