import { describe, expect, it } from "vitest";
import { GuestConsole } from "./guest-console.ts";

function open(columns = 20, rows = 4) {
  const replies: string[] = [];
  const terminal = new GuestConsole({
    columns,
    rows,
    onReply: (bytes) => replies.push(new TextDecoder().decode(bytes)),
    onChange: () => {},
  });
  const print = async (text: string) => {
    terminal.write(new TextEncoder().encode(text));
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return { terminal, replies, print };
}

const key = (text: string) => new TextEncoder().encode(text);
const sent = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is removed
const plain = (row: string | undefined) => row?.replace(/\x1b\[[\d;]*m/g, "");

describe("GuestConsole", () => {
  it("shows text with its colours and the cursor", async () => {
    const { terminal, print } = open();
    await print("\x1b[31mred\x1b[m ok");
    expect(terminal.rows(false)[0]).toBe(`\x1b[0;38;5;1mred\x1b[0m ok${" ".repeat(14)}`);
    expect(terminal.rows(true)[0]).toBe(`\x1b[0;38;5;1mred\x1b[0m ok\x1b[0;7m \x1b[0m${" ".repeat(13)}`);
  });

  it("gives rows of exactly the terminal's width, wide characters counted twice", async () => {
    const { terminal, print } = open();
    await print("日本");
    expect(terminal.rows(false)[0]).toBe(`日本${" ".repeat(16)}`);
    expect(terminal.rows(false)).toHaveLength(4);
  });

  it("obeys control sequences of full-screen programs", async () => {
    const { terminal, print } = open();
    await print("abc\x1b[2J\x1b[2;3Hx");
    expect(terminal.rows(false).map(plain)).toEqual([
      " ".repeat(20),
      `  x${" ".repeat(17)}`,
      " ".repeat(20),
      " ".repeat(20),
    ]);
  });

  it("answers where its cursor is", async () => {
    const { replies, print } = open();
    await print("ab\x1b[6n");
    expect(replies).toEqual(["\x1b[1;3R"]);
  });

  it("sends cursor keys in the mode the guest asks for", async () => {
    const { terminal, print } = open();
    expect(sent(terminal.encodeKey("up", key("\x1bOA")))).toBe("\x1b[A");
    await print("\x1b[?1h");
    expect(sent(terminal.encodeKey("up", key("\x1b[A")))).toBe("\x1bOA");
    expect(sent(terminal.encodeKey(undefined, key("\x1b[3~")))).toBe("\x1b[3~");
  });

  it("scrolls back, no further than there is, and forward again", async () => {
    const { terminal, print } = open();
    await print("1\r\n2\r\n3\r\n4\r\n5\r\n6");
    const first = () => plain(terminal.rows(false)[0])?.trim();
    expect(first()).toBe("3");
    terminal.scroll(1);
    expect(first()).toBe("2");
    terminal.scroll(100);
    expect(first()).toBe("1");
    terminal.scrollToEnd();
    expect(first()).toBe("3");
  });

  it("makes a guest wait that prints faster than it is parsed", async () => {
    const { terminal } = open();
    terminal.write(new Uint8Array(1 << 20).fill(0x61));
    await terminal.settle();
    expect(plain(terminal.rows(false)[0])).toBe("a".repeat(20));
  });
});
