/** The shell as someone uses it at a terminal: editing lines, history, jobs, and what happens when it ends. */

import { describe, expect, test } from "vitest";
import { limitSeconds } from "../linux/linux-guest.ts";
import { prompt, systems } from "./systems.ts";

const bootMilliseconds = (limitSeconds + 20) * 1000;

// Keys, as --send writes them.
const up = "\\e[A";
const down = "\\e[B";
const left = "\\e[D";
const home = "\\e[H";
const end = "\\e[F";
const del = "\\e[3~";
const backspace = "\\x7f";
const control = (letter: string): string => `\\x${(letter.charCodeAt(0) & 31).toString(16).padStart(2, "0")}`;

describe.each(systems())("at a terminal of $name", (system) => {
  const converse = async (...turns: [expect: string, send?: string][]): Promise<void> => {
    const { status, console, errors } = await system.run([], ...turns);
    expect(status, errors + console).toBe(0);
  };

  test(
    "lines are edited, and come back from the history",
    async () => {
      await converse(
        [prompt, `ecXo ab${left}${left}${left}${left}${backspace}h${end}c${left}${del}d\\n`],
        ["^abd\\s"],
        [prompt, `second${home}echo first ${control("e")}${control("w")}third\\n`],
        ["^first third\\s"],
        [prompt, `${up}${up}${left}X${control("a")}${control("k")}${down}${up}\\n`],
        ["^abd\\s"],
        [prompt, `echo not this${control("u")}echo 1234567890${"abcdefghij".repeat(10)}${left}-${home}\\n`],
        ["^1234567890abc[a-j]+-j\\s"],
        [prompt, "history | tail -n 2\\n"],
        ["^ +4  echo 1234567890"],
        ["^ +5  history"],
        [prompt, `never${control("c")}`],
        [prompt, "echo status $?\\n"],
        ["^status 130\\s"],
        [prompt, "echo 'a\\nb'\\n"],
        ["^a\\s+b\\s"],
      );
    },
    bootMilliseconds,
  );

  test(
    "jobs are stopped, continued and ended",
    async () => {
      await converse(
        // A key is the job's only once it runs; so it says when.
        [prompt, 'sh -c "echo up; sleep 1000"\\n'],
        ["^up\\s", control("z")],
        ["^\\[1\\] stopped sh -c"],
        [prompt, "echo $?; bg; jobs\\n"],
        ["^148\\s"],
        ["^\\[1\\] running sh -c"],
        ["^\\[1\\] running sh -c"],
        [prompt, "sleep 0.1 &\\n"],
        ["^\\[2\\] \\d+\\s"],
        [prompt, "sleep 0.5; true\\n"],
        ["^\\[2\\] done sleep 0.1"],
        [prompt, "fg\\n"],
        ['^sh -c .*1000"\\s', control("c")],
        [prompt, "echo $?; jobs\\n"],
        ["^130\\s"],
        [prompt, "cat | cat\\n"],
        ["cat \\| cat\\s", "line\\n"],
        ["^line\\s+line\\s", control("d")],
        [prompt, "cat &\\n"],
        ["^\\[1\\] \\d+\\s"],
        // Told when it happens, which may be before the prompt, and again when asked.
        [prompt, "sleep 0.1; jobs\\n"],
        ["^\\[1\\] stopped cat"],
        [prompt, "kill %1; sleep 0.1; fg 2> /dev/null; true\\n"],
        [prompt, "echo up; while true; do true; done\\n"],
        ["^up\\s", control("c")],
        [prompt, "echo still here\\n"],
        ["^still here\\s"],
      );
    },
    bootMilliseconds,
  );

  test(
    "the shell comes back when it ends",
    async () => {
      await converse(
        [prompt, "x=lost; echo $PPID; exit 3\\n"],
        [prompt, "echo x is [$x]; read name\\n"],
        ["^x is \\[\\]"],
        ["", "some words\\n"],
        [prompt, "echo $name; ps | grep -c ' sh$'\\n"],
        ["^some words\\s+1\\s"],
        [prompt, control("d")],
        [prompt, "echo again\\n"],
        ["^again\\s"],
      );
    },
    bootMilliseconds,
  );
});
