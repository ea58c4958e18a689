import { describe, expect, it } from "vitest";
import { expectedTranscript, outcomeOf, parseScenario, scriptOf, transcript } from "./scenario.ts";

const TEXT = "# words\n$ echo a\na\n\n$ cat <<E\n> b\n> E\nb\n\n$ date; false\n~ ^\\d+$\n? 1\n";

describe("parseScenario", () => {
  it("reads commands, output, patterns and status", () => {
    expect(parseScenario("words", TEXT).steps).toEqual([
      { command: "echo a", output: ["a"], status: 0 },
      { command: "cat <<E\nb\nE", output: ["b"], status: 0 },
      { command: "date; false", output: [/^\d+$/], status: 1 },
    ]);
  });

  it("says where output stands without a command", () => {
    expect(() => parseScenario("words", "# x\nlost\n")).toThrow("words:2");
  });
});

describe("a transcript", () => {
  const { steps } = parseScenario("words", TEXT);

  it("is the scenario when all went well", () => {
    const outcomes = [
      { output: ["a"], status: 0 },
      { output: ["b"], status: 0 },
      { output: ["2026"], status: 1 },
    ];
    expect(transcript(steps, outcomes)).toBe(expectedTranscript(steps));
  });

  it("shows what was printed instead, what did not match, and what did not end", () => {
    const outcomes = [{ output: ["c"], status: 2 }, undefined, { output: ["x"], status: 1 }];
    expect(transcript(steps, outcomes)).toBe(
      "$ echo a\nc\n? 2\n\n$ cat <<E\n> b\n> E\n(did not end)\n\n$ date; false\nx\n? 1",
    );
  });
});

describe("outcomeOf", () => {
  const console =
    "boot\n@begin s 0\n\n@end s 0 3\n@begin s 1\na\nb\n\n@end s 1 0\n@begin s 2\nab\n@end s 2 0\n";

  it("finds no output, whole lines, and a line that is not ended", () => {
    expect(outcomeOf(console, "s", 0)).toEqual({ output: [], status: 3 });
    expect(outcomeOf(console, "s", 1)).toEqual({ output: ["a", "b"], status: 0 });
    expect(outcomeOf(console, "s", 2)).toEqual({ output: ["ab"], status: 0 });
  });

  it("finds nothing of a step that was not reached", () => {
    expect(outcomeOf(console, "s", 3)).toBeUndefined();
    expect(outcomeOf("@begin s 0\nhalf", "s", 0)).toBeUndefined();
  });
});

describe("scriptOf", () => {
  it("marks where each step begins and ends", () => {
    expect(scriptOf({ name: "s", steps: [{ command: "false", output: [], status: 1 }] })).toContain(
      'echo "@begin s 0"\nfalse\nprintf \'\\n@end s 0 %d\\n\' "$?"\n',
    );
  });
});
