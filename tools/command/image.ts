/** `trapframe image`: disk images with our file system. */
import type { ArgumentsCamelCase, Argv, CommandModule, InferredOptionTypes } from "yargs";
import { createImage, withImage } from "../disk-image/image.ts";
import { Adder, extract, find, type Item, isDirectory, remove, walk } from "../disk-image/tree.ts";
import { FilesError, type Volume } from "../disk-image/volume.ts";
import { exitStatus } from "../host/exit-status.ts";
import { Failure } from "../host/failure.ts";
import type { Command } from "./command.ts";
import { parseSize, parseTime, usage } from "./quantity.ts";

const BLOCK_BYTES = 4096;

const imagePositional = { type: "string", demandOption: true, description: "the image file" } as const;

const createOptions = {
  size: { type: "string", requiresArg: true, default: "64M", description: "of the whole disk" },
  swap: { type: "string", requiresArg: true, default: "0", description: "how much of it is for the pager" },
  from: { type: "string", requiresArg: true, description: "folder whose contents are put into it" },
} as const;

const addOptions = {
  to: {
    type: "string",
    requiresArg: true,
    default: "/",
    description: "folder in the image; made if missing",
  },
  mode: { type: "string", requiresArg: true, description: "permissions of the files, for example 755" },
} as const;

const extractOptions = {
  to: { type: "string", requiresArg: true, default: ".", description: "folder on this system" },
} as const;

type Image = { image: string };
type Paths = Image & { path: string[] | undefined };
type CreateArguments = Image & InferredOptionTypes<typeof createOptions>;
type AddArguments = Paths & InferredOptionTypes<typeof addOptions>;
type ExtractArguments = Paths & InferredOptionTypes<typeof extractOptions>;

/** One of the things that can be done with an image. */
function action<Arguments extends Image>(
  words: string,
  describe: string,
  builder: (yargs: Argv) => Argv<Arguments>,
  handler: (given: ArgumentsCamelCase<Arguments>) => void,
): CommandModule<object, Arguments> {
  return { command: words, describe, builder, handler };
}

const imageOnly = (yargs: Argv): Argv<Image> => yargs.positional("image", imagePositional);
const withPaths = (yargs: Argv, description: string): Argv<Paths> =>
  yargs.positional("image", imagePositional).positional("path", { type: "string", array: true, description });

export const command: Command<object> = {
  builder: (yargs) =>
    yargs
      .command(
        action<CreateArguments>(
          "create <image>",
          "make an image",
          (builder) =>
            imageOnly(builder)
              .options(createOptions)
              .example([["$0 image create disk.img --size 64M --from folder", "with the folder's contents"]]),
          create,
        ),
      )
      .command(
        action<Paths>(
          "list <image> [path..]",
          "what is in it",
          (builder) => withPaths(builder, "only this"),
          list,
        ),
      )
      .command(
        action<AddArguments>(
          "add <image> <path..>",
          "put files and folders into it",
          (builder) => withPaths(builder, "files and folders of this system").options(addOptions),
          add,
        ),
      )
      .command(
        action<ExtractArguments>(
          "extract <image> [path..]",
          "copy files and folders out of it",
          (builder) =>
            withPaths(builder, "files and folders of the image; otherwise all").options(extractOptions),
          extractPaths,
        ),
      )
      .command(
        action<Paths>(
          "remove <image> <path..>",
          "remove files and folders from it",
          (builder) => withPaths(builder, "files and folders of the image"),
          removePaths,
        ),
      )
      .command(action<Image>("check <image>", "whether the file system is sound", imageOnly, check))
      .command(action<Image>("info <image>", "how large it is and how full", imageOnly, info))
      .demandCommand(1, 1, "what shall be done with the image?", "no such thing can be done with an image"),
  handler: () => {},
};

function create({ image, size, swap, from }: CreateArguments): void {
  const bytes = wholeBlocks("--size", size);
  const swapBytes = wholeBlocks("--swap", swap);
  const newest = newestTime();
  const options = { bytes, swapBytes, now: newest ?? 0 };
  try {
    createImage(image, options, (volume) => {
      if (from !== undefined) new Adder(volume, { newest }).addContents(from, volume.root);
    });
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    throw usage(
      `--size: ${size} is too small for a file system${swapBytes > 0 ? ` and ${swap} of swap` : ""}`,
    );
  }
}

function wholeBlocks(option: string, text: string): number {
  const bytes = parseSize(option, text);
  if (bytes % BLOCK_BYTES !== 0) throw usage(`${option}: "${text}" is no multiple of ${BLOCK_BYTES}`);
  if (bytes / BLOCK_BYTES >= 2 ** 32) throw usage(`${option}: "${text}" is more than 16 TiB`);
  return bytes;
}

/** Images made from the same files at different times are the same if this variable says so, as in other builders. */
function newestTime(): number | undefined {
  const text = process.env.SOURCE_DATE_EPOCH;
  return text === undefined ? undefined : Number(parseTime("SOURCE_DATE_EPOCH", text) / 1_000_000n);
}

function list({ image, path }: Paths): void {
  withImage(image, "snapshot", (volume) => {
    for (const start of orAll(path)) {
      for (const item of walk(volume, start)) {
        if (item.path !== "") process.stdout.write(`${describe(item)}\n`);
      }
    }
  });
}

function orAll(paths: readonly string[] = []): readonly string[] {
  return paths.length === 0 ? ["/"] : paths;
}

const typeLetters = new Map([
  [0o140000, "s"],
  [0o120000, "l"],
  [0o100000, "-"],
  [0o060000, "b"],
  [0o040000, "d"],
  [0o020000, "c"],
  [0o010000, "p"],
]);

/** As `ls -l` would: type and permissions, links, bytes, time, path. */
function describe({ path, attributes, target }: Item): string {
  const { mode, links, size, modified } = attributes;
  const type = typeLetters.get(mode & 0o170000) ?? "?";
  const letters = [..."rwxrwxrwx"].map((letter, index) => (mode & (0o400 >> index) ? letter : "-")).join("");
  const time = describeTime(modified);
  const name = target === undefined ? path : `${path} -> ${target}`;
  return `${type}${letters} ${String(links).padStart(3)} ${String(size).padStart(10)} ${time} ${name}`;
}

/** A damaged disk may have any time. */
function describeTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? "????-??-??T??:??:??Z" : `${date.toISOString().slice(0, 19)}Z`;
}

function add({ image, path = [], to, mode }: AddArguments): void {
  const permissions = mode === undefined ? undefined : parseMode(mode);
  withImage(image, "read-write", (volume) => {
    const folder = makeFolder(volume, to);
    const adder = new Adder(volume, { mode: permissions, newest: newestTime() });
    for (const source of path) adder.add(source, folder);
  });
}

function parseMode(text: string): number {
  if (!/^[0-7]{3,4}$/.test(text)) throw usage(`--mode: "${text}" are no permissions; write for example 755`);
  return Number.parseInt(text, 8);
}

/** The folder at the path; missing ones are made. */
function makeFolder(volume: Volume, path: string): Volume["root"] {
  let folder = find(volume, "/");
  for (const name of path.split("/").filter((part) => part !== "" && part !== ".")) {
    const names = volume.list(folder.handle);
    volume.now = newestTime() ?? folder.modified;
    folder = names.includes(name)
      ? volume.lookup(folder.handle, name)
      : volume.create(folder.handle, name, 0o040755);
    if (!isDirectory(folder))
      throw new Failure(`--to: "${path}" is no folder in the image`, exitStatus.badInput);
  }
  return folder.handle;
}

function extractPaths({ image, path, to }: ExtractArguments): void {
  withImage(image, "snapshot", (volume) => {
    for (const start of orAll(path)) extract(volume, start, to);
  });
}

function removePaths({ image, path = [] }: Paths): void {
  withImage(image, "read-write", (volume) => {
    for (const start of path) remove(volume, start);
  });
}

function check({ image }: Image): void {
  const problems = withImage(image, "snapshot", (volume) => volume.check());
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = exitStatus.badInput;
  else process.stdout.write("the file system is sound\n");
}

function info({ image }: Image): void {
  withImage(image, "snapshot", (volume) => {
    const { blocks, freeBlocks, inodes, freeInodes } = volume.statistics();
    const { core } = volume;
    const lines: [string, number, string][] = [
      ["file system", core.block_count() * BLOCK_BYTES, "bytes"],
      ["journal", 2 * (core.journal_blocks() + 1) * BLOCK_BYTES, "bytes"],
      ["swap", core.swap_blocks() * BLOCK_BYTES, "bytes"],
      ["for data", blocks * BLOCK_BYTES, "bytes"],
      ["free", freeBlocks * BLOCK_BYTES, "bytes"],
      ["files", inodes - freeInodes, `of ${inodes}`],
    ];
    for (const [what, count, unit] of lines) {
      process.stdout.write(`${what.padEnd(12)} ${String(count).padStart(14)} ${unit}\n`);
    }
  });
}
