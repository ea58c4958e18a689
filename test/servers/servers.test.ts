/** The servers under a whole system, as someone at the shell sees them: what happens when one dies, and when memory is short. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createImage } from "../../tools/disk-image/image.ts";
import { buildImages } from "../../tools/guest/images.ts";
import { conversation, limitSeconds, trapframeRun } from "../linux/linux-guest.ts";

const bootMilliseconds = (limitSeconds + 20) * 1000;
const MEBIBYTE = 1 << 20;
const prompt = "trapframe> ";

/** Ids of the servers that the supervisor starts first. */
const server = { names: 1000002, disk: 1000003, pager: 1000004, terminal: 1000005, files: 1000006 } as const;

let folder = "";
let disk = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "trapframe-servers-"));
  disk = join(folder, "disk.img");
  createImage(disk, { bytes: 96 * MEBIBYTE, swapBytes: 64 * MEBIBYTE, now: 0 }, () => {});
  await buildImages();
}, bootMilliseconds);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Boots our system with the disk, and holds a conversation, which is to end with `poweroff`. */
async function converse(
  options: readonly string[],
  ...turns: [expect: string, send?: string][]
): Promise<void> {
  const run = await trapframeRun(...options, `--disk=${disk},snapshot`, ...conversation(...turns));
  expect(run.status, run.errors + run.console).toBe(0);
}

describe.each([1, 4])("on %i harts", (harts) => {
  const options = [`--harts=${harts}`];

  test(
    "a server that dies is started anew, and its clients go on",
    async () => {
      await converse(
        options,
        [prompt, "echo kept > /disk/file; sync\\n"],
        [prompt, `kill -9 ${server.names}\\n`],
        ["supervisor: names has ended with status -9"],
        [prompt, `kill -9 ${server.disk}\\n`],
        ["supervisor: disk has ended with status -9"],
        [prompt, "echo more >> /disk/file; sync; echo synced $?\\n"],
        ["^synced 0\\s"],
        [prompt, `kill -9 ${server.files}\\n`],
        ["supervisor: files has ended with status -9"],
        [prompt, "cat /disk/file\\n"],
        ["^kept\\s+more\\s"],
        [prompt, `kill -9 ${server.terminal}\\n`],
        ["supervisor: terminal has ended with status -9"],
        [prompt, "ps | grep -c 'for a message'; poweroff\\n"],
        ["^[4-9]\\s"],
      );
    },
    bootMilliseconds,
  );

  test(
    "without the pager the processes are lost, and there is a new shell",
    async () => {
      await converse(
        options,
        [prompt, `kill -9 ${server.pager}\\n`],
        ["supervisor: process is started anew with pager"],
        [prompt, "echo here again; poweroff\\n"],
        ["^here again\\s"],
      );
    },
    bootMilliseconds,
  );
});

test(
  "more memory than there is comes from the disk, and more than that is refused",
  async () => {
    await converse(
      ["--memory=64M"],
      [prompt, "hog 60\\n"],
      ["hog: took 60 MiB, found them as written"],
      [prompt, "hog; echo status $?\\n"],
      ["Out of memory"],
      [prompt, "ls /bin | grep -c hog; poweroff\\n"],
      ["^1\\s"],
    );
  },
  bootMilliseconds,
);

test(
  "without swap, memory ends earlier, and the system is as usable",
  async () => {
    await converse(
      ["--memory=64M", "--append=swap=off"],
      ["pager: no swap"],
      [prompt, "hog 60\\n"],
      ["Out of memory"],
      [prompt, "hog 4; poweroff\\n"],
      ["hog: took 4 MiB, found them as written"],
    );
  },
  bootMilliseconds,
);
