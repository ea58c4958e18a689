import { describe, expect, it } from "vitest";
import { parseExpect, parseSend, Script } from "./script.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const sent = (text: string) => {
  const step = parseSend(text);
  return step.kind === "send" ? [...step.bytes] : [];
};
const typedBy = (script: Script) => script.advance().map((typed) => new TextDecoder().decode(typed));

describe("parseSend", () => {
  it("understands its escapes", () => {
    expect(sent("a\\n\\r\\t\\e\\\\\\x03\\xfF")).toEqual([97, 10, 13, 9, 27, 92, 3, 255]);
    expect(sent("é")).toEqual([0xc3, 0xa9]);
    expect(sent("")).toEqual([]);
  });

  it.each(["\\q", "\\", "\\x1", "\\xzz"])("refuses %s", (text) => {
    expect(() => parseSend(text)).toThrow(/no escape/);
  });
});

describe("Script", () => {
  it("types only what the output has asked for, in order", () => {
    const script = new Script([
      parseExpect("login:"),
      parseSend("root\\n"),
      parseExpect("# $"),
      parseSend("ls\\n"),
    ]);
    expect(typedBy(script)).toEqual([]);
    script.feed(bytes("welcome\nlog"));
    expect(typedBy(script)).toEqual([]);
    expect(script.waitingFor).toBe("login:");
    script.feed(bytes("in: "));
    expect(typedBy(script)).toEqual(["root\n"]);
    expect(script.waitingFor).toBe("# $");
    script.feed(bytes("root\n# "));
    expect(typedBy(script)).toEqual(["ls\n"]);
    expect(script.waitingFor).toBeUndefined();
  });

  it("does not match the same output twice", () => {
    const script = new Script([parseExpect("#"), parseSend("1"), parseExpect("#"), parseSend("2")]);
    script.feed(bytes("#"));
    expect(typedBy(script)).toEqual(["1"]);
    script.feed(bytes("x"));
    expect(typedBy(script)).toEqual([]);
    script.feed(bytes("#"));
    expect(typedBy(script)).toEqual(["2"]);
  });

  it("matches several patterns in one piece of output, and types leading text at once", () => {
    const script = new Script([parseSend("go"), parseExpect("a"), parseExpect("b"), parseSend("end")]);
    expect(typedBy(script)).toEqual(["go"]);
    script.feed(bytes("abc"));
    expect(typedBy(script)).toEqual(["end"]);
  });

  it("matches characters split between two pieces", () => {
    const script = new Script([parseExpect("^é$"), parseSend("!")]);
    script.feed(Uint8Array.of(10, 0xc3));
    script.feed(Uint8Array.of(0xa9, 10));
    expect(typedBy(script)).toEqual(["!"]);
  });

  it("does not see control sequences, not even split ones", () => {
    const script = new Script([parseExpect("^~ # $"), parseSend("!")]);
    script.feed(bytes("\x1b[1;31m~"));
    script.feed(bytes(" #\x1b[m \x1b["));
    script.feed(bytes("6n"));
    expect(typedBy(script)).toEqual(["!"]);
  });

  it("refuses a malformed regular expression", () => {
    expect(() => parseExpect("(")).toThrow(SyntaxError);
  });
});
