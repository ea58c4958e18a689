import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Scratch, trapframe } from "./trapframe.ts";

const scratch = new Scratch();
afterAll(() => scratch.remove());

const inScratch = (name: string) => join(scratch.folder, name);
const image = (...args: string[]) => trapframe(["image", ...args]);

/** Runs a command that must succeed; answers its output. */
async function done(...args: string[]): Promise<string> {
  const { status, output, errors } = await image(...args);
  expect({ errors, status }).toEqual({ errors: "", status: 0 });
  return output;
}

/** What a folder holds: modes, times, targets, contents, and which files are one. */
function describeFolder(folder: string): unknown[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const status = lstatSync(path);
      const seconds = status.isSymbolicLink() ? 0 : Math.floor(status.mtimeMs / 1000);
      const content = status.isSymbolicLink()
        ? readlinkSync(path)
        : status.isFile()
          ? readFileSync(path).toString("base64")
          : "";
      return [name, status.mode & 0o170777, seconds, content];
    });
}

const source = inScratch("source");

beforeAll(() => {
  mkdirSync(join(source, "folder/below"), { recursive: true });
  writeFileSync(join(source, "empty"), "");
  writeFileSync(join(source, "folder/program"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(source, "folder/below/large"), Buffer.alloc(300_000, "what is large "));
  writeFileSync(join(source, "names like this: äöü"), "text");
  symlinkSync("folder/program", join(source, "link"));
  linkSync(join(source, "folder/program"), join(source, "same"));
  for (const [index, name] of [
    "empty",
    "folder/program",
    "folder/below/large",
    "folder/below",
    "folder",
  ].entries()) {
    utimesSync(join(source, name), 1_000_000 + index, 1_700_000_000 + index);
  }
});

describe("trapframe image", () => {
  it("brings a folder into an image and out again", async () => {
    const [disk, out] = [inScratch("disk.img"), inScratch("out")];
    expect(await done("create", disk, "--size", "8M", "--from", source)).toBe("");
    expect(statSync(disk).size).toBe(8 << 20);
    expect(await done("check", disk)).toBe("the file system is sound\n");
    await done("extract", disk, "--to", out);
    expect(describeFolder(out)).toEqual(describeFolder(source));
    const listing = await done("list", disk);
    expect(listing).toMatch(/^drwxr-xr-x +3 +4096 2023-11-14T22:13:24Z folder$/m);
    expect(listing).toMatch(/^-rwxr-xr-x +2 +10 2023-11-14T22:13:21Z same$/m);
    expect(listing).toMatch(/^lrwxrwxrwx .* link -> folder\/program$/m);
    expect((await done("list", disk, "folder/below")).split("\n")).toHaveLength(3);
  });

  it("edits an image", async () => {
    const [disk, out] = [inScratch("edited.img"), inScratch("edited")];
    await done("create", disk, "--size", "4M", "--swap", "1M");
    await done(
      "add",
      disk,
      join(source, "folder"),
      join(source, "empty"),
      "--to",
      "deep/in/it",
      "--mode",
      "600",
    );
    await done("add", disk, join(source, "folder/program"), "--to", "deep/in/it/folder"); // replaces
    const listing = await done("list", disk, "deep/in/it");
    expect(listing).toMatch(/^-rw------- .* deep\/in\/it\/empty$/m);
    expect(listing).toMatch(/^-rwxr-xr-x .* deep\/in\/it\/folder\/program$/m);
    await done("extract", disk, "deep/in/it/folder/program", "--to", out);
    expect(readdirSync(out)).toEqual(["program"]);
    await done("remove", disk, "/deep/in/it/folder", "deep/in/it/empty");
    expect((await done("list", disk)).match(/\S+$/gm)).toEqual(["deep", "deep/in", "deep/in/it"]);
    expect(await done("check", disk)).toMatch(/sound/);
    expect(await done("info", disk)).toMatch(/^swap +1048576 bytes$/m);
  });

  it("makes the same image from the same files, at any time", async () => {
    const [one, other] = [inScratch("one.img"), inScratch("other.img")];
    await done("create", one, "--size", "4M", "--from", source);
    await done("create", other, "--size", "4M", "--from", source);
    expect(readFileSync(one).equals(readFileSync(other))).toBe(true);
  });

  it("leaves an image alone that it only looks at", async () => {
    const disk = inScratch("looked-at.img");
    await done("create", disk, "--size", "4M", "--from", source);
    const before = readFileSync(disk);
    for (const what of ["list", "check", "info"]) await done(what, disk);
    await done("extract", disk, "empty", "--to", inScratch("looked-at"));
    expect(readFileSync(disk).equals(before)).toBe(true);
  });

  it("says what is wrong with a damaged image", async () => {
    const disk = inScratch("damaged.img");
    await done("create", disk, "--size", "4M");
    const bytes = readFileSync(disk);
    bytes.writeUInt32LE(12345, 4096); // the count of free blocks
    writeFileSync(disk, bytes);
    const { status, output } = await image("check", disk);
    expect(status).toBe(1);
    expect(output).toMatch(/^\d+ blocks are free, but the state says 12345$/m);
  });
});

describe("trapframe image refuses", () => {
  const disk = inScratch("refusing.img");
  const text = scratch.file("text", "no image");
  beforeAll(async () => {
    await done("create", disk, "--size", "1M", "--from", source);
  });

  const cases: [what: string, args: string[], status: number, message: RegExp][] = [
    ["nothing to do", [], 2, /what shall be done with the image/],
    ["an unknown action", ["frob", disk], 2, /no such thing can be done with an image/],
    ["a missing name", ["create"], 2, /[Nn]ot enough/],
    ["a size that is none", ["create", inScratch("x"), "--size", "big"], 2, /--size: "big"/],
    ["an odd size", ["create", inScratch("x"), "--size", "1000001"], 2, /--size.*multiple of 4096/],
    ["too small a size", ["create", inScratch("x"), "--size", "64K"], 2, /--size: 64K is too small/],
    ["too large a size", ["create", inScratch("x"), "--size", "16777216M"], 2, /--size.*more than 16 TiB/],
    [
      "swap only",
      ["create", inScratch("x"), "--size", "1M", "--swap", "1M"],
      2,
      /too small for a file system and 1M/,
    ],
    ["to overwrite", ["create", disk], 1, /refusing\.img": it exists already/],
    [
      "a folder that is not there",
      ["create", inScratch("x"), "--from", "nowhere"],
      1,
      /"nowhere": there is no such/,
    ],
    ["a place that is not there", ["create", inScratch("no/x")], 1, /cannot make image/],
    ["an image that is not there", ["list", "nowhere.img"], 1, /"nowhere\.img": there is no such file/],
    ["a file that is no image", ["list", text], 1, /holds no file system of Trapframe/],
    ["a folder as image", ["list", scratch.folder], 1, /it is a directory/],
    [
      "a path that is not there",
      ["list", disk, "no/where"],
      1,
      /"no\/where": there is no such file or folder/,
    ],
    [
      "a path through a file",
      ["extract", disk, "empty/x", "--to", inScratch("y")],
      1,
      /"empty\/x": it is no folder/,
    ],
    ["to add nothing", ["add", disk], 2, /[Nn]ot enough/],
    ["to add what is not there", ["add", disk, "nowhere"], 1, /"nowhere": there is no such file/],
    ["permissions that are none", ["add", disk, text, "--mode", "rwx"], 2, /--mode: "rwx"/],
    ["a file as folder", ["add", disk, text, "--to", "empty"], 1, /--to: "empty" is no folder in the image/],
    ["to remove the root", ["remove", disk, "/"], 1, /the root cannot be removed/],
    [
      "to remove what is not there",
      ["remove", disk, "nowhere"],
      1,
      /"nowhere": there is no such file or folder/,
    ],
    ["to extract over a file", ["extract", disk, "empty", "--to", source], 1, /empty": it exists already/],
    ["what does not fit", ["add", disk, disk], 1, /cannot add .*refusing\.img": the disk is full/],
  ];
  it.concurrent.each(cases)("%s", async (_, args, status, message) => {
    const finished = await image(...args);
    expect(finished.errors).toMatch(message);
    expect(finished.status).toBe(status);
    expect(finished.errors).not.toMatch(/ at .*\.js:/);
    expect(finished.output).toBe("");
  });

  it("and the image is sound after all that, without what did not fit", async () => {
    expect(await done("check", disk)).toMatch(/sound/);
    expect(await done("list", disk)).not.toMatch(/refusing/);
  });
});
