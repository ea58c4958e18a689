import { describe, expect, it } from "vitest";
import { plainText } from "./line.ts";
import { Prompt } from "./prompt.ts";

function ask(typed: string) {
  const answers: string[] = [];
  const prompt = new Prompt("number", (text) => {
    if (!/^\d+$/.test(text)) return "no number";
    answers.push(text);
    return undefined;
  });
  let open = true;
  for (const character of typed) open = open && prompt.type(character);
  return { answers, open, line: plainText(prompt.line) };
}

describe("Prompt", () => {
  it("takes a line", () => {
    expect(ask("12\r")).toMatchObject({ answers: ["12"], open: false });
  });

  it("can be corrected and left", () => {
    expect(ask("19\x7f2\r").answers).toEqual(["12"]);
    expect(ask("99\x1512\r").answers).toEqual(["12"]);
    expect(ask("12\x1b")).toMatchObject({ answers: [], open: false });
    expect(ask("\r")).toMatchObject({ answers: [], open: false });
  });

  it("says what is wrong and stays open", () => {
    expect(ask("x\r")).toMatchObject({ answers: [], open: true });
    expect(ask("x\r").line).toContain("no number");
    expect(ask("x\r\x7f5\r").answers).toEqual(["5"]);
  });
});
