import { describe, expect, it } from "vitest";
import { instruction } from "../../isa/instruction.ts";
import { instructions } from "../../isa/table.ts";
import { instructionNamed } from "../../isa/testing/sample.ts";
import { FOLLOWERS, handlersOf } from "./handlers.ts";
import { Handler, PAIRED_HANDLERS } from "./slot.ts";

const { byInstruction, pairs } = handlersOf(instructions);
const handlerOf = (name: string) => byInstruction.get(instructionNamed(name));

describe("handlers", () => {
  it("are numbered without gaps: instructions, then pairs, and no regions", () => {
    const numbers = new Set([...byInstruction.values(), ...pairs.map(({ handler }) => handler)]);
    const sorted = [...numbers].sort((a, b) => a - b);
    expect(sorted).toEqual(sorted.map((_, i) => Handler.firstInstruction + i));
    expect(Math.min(...pairs.map(({ handler }) => handler))).toBe(Math.max(...byInstruction.values()) + 1);
    expect(sorted.at(-1)).toBeLessThan(Handler.firstRegion);
    expect(new Set(pairs.map(({ handler }) => handler)).size).toBe(pairs.length);
  });

  it("execute the instructions that do the same and are as long", () => {
    expect([...byInstruction.keys()]).toEqual(instructions);
    const descriptions = new Map<number, { semantics: unknown; length: number }>();
    for (const [{ semantics, encoding }, handler] of byInstruction) {
      const described = { semantics: semantics(), length: encoding.length };
      expect(described).toEqual(descriptions.get(handler) ?? described);
      descriptions.set(handler, described);
    }
    expect(handlerOf("c.li")).toBe(handlerOf("c.addi16sp"));
    expect(handlerOf("c.mv")).toBe(handlerOf("c.add"));
    expect(handlerOf("c.addi")).not.toBe(handlerOf("addi"));
    expect(handlerOf("c.and")).not.toBe(handlerOf("c.or"));
  });

  it("of pairs are those of the table, each once", () => {
    const named = FOLLOWERS.flatMap(([first, seconds]) =>
      seconds.split(" ").map((second) => `${first} ${second}`),
    );
    expect(pairs.length).toBe(named.length);
    expect(new Set(named).size).toBe(named.length);
    const alone = new Set(byInstruction.values());
    for (const handler of pairs.flatMap(({ first, second }) => [first, second])) {
      expect(alone).toContain(handler);
      expect(handler).toBeLessThan(PAIRED_HANDLERS);
    }
    const [first, second] = [handlerOf("c.addi16sp"), handlerOf("c.sdsp")];
    expect(pairs).toContainEqual({ first, second, handler: expect.any(Number) });
  });

  it("are not more than there are numbers", () => {
    const more = Array.from({ length: Handler.firstRegion }, (_, i) =>
      instruction("i", `i${i}`, "0".repeat(32), "", () => {}),
    );
    expect(() => handlersOf([...instructions, ...more])).toThrow(/in all .* 1024 is the limit/);
  });

  it("need all instructions that are in pairs", () => {
    expect(() => handlersOf(instructions.filter(({ name }) => name !== "sltu"))).toThrow(
      /"sltu" is in pairs/,
    );
  });
});
