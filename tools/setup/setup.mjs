// Makes a checkout ready to run: dependencies, JavaScript, guest images. Plain JavaScript, because it runs before
// anything is installed. It is the first thing every npm script calls, so when nothing changed it must cost nothing.
//
//   node tools/setup/setup.mjs [--no-guests]

import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const OLDEST_NODE = [20, 19];
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OUTPUT = ".build/js";
const BUNDLE = ".build/bundle";
const STAMP = join(OUTPUT, "sources.json");

/** A failure whose message tells the user all there is to say; it is shown without a stack trace. */
class SetupError extends Error {}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw new SetupError(
      `Node ${process.versions.node} is too old; install Node ${OLDEST_NODE.join(".")} or newer.`,
    );
  }
}

/** Modification time of a file in milliseconds, or -Infinity when there is none. */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}

/** Runs a command to its end: its exit code and everything it said. */
function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], ...options });
    const said = [];
    child.stdout.on("data", (chunk) => said.push(chunk));
    child.stderr.on("data", (chunk) => said.push(chunk));
    child.on("error", (error) => reject(new SetupError(`cannot run ${command}: ${error.message}`)));
    child.on("close", (code) => resolve({ code, output: Buffer.concat(said).toString() }));
  });
}

/** Shows that something slow is under way: a line at once, and on a terminal the seconds that have passed. */
async function withProgress(label, work) {
  const started = Date.now();
  const line = () => `${label} … ${Math.round((Date.now() - started) / 1000)} s`;
  const isTerminal = process.stderr.isTTY === true;
  process.stderr.write(isTerminal ? line() : `${label} …\n`);
  const ticker = isTerminal ? setInterval(() => process.stderr.write(`\r${line()}`), 1000) : undefined;
  try {
    return await work();
  } finally {
    clearInterval(ticker);
    if (isTerminal) process.stderr.write(`\r${line()}\n`);
  }
}

/** The packages of a lock file by the folders that they are installed in. */
function lockedPackages(path) {
  const { "": self, ...packages } = JSON.parse(readFileSync(path, "utf8")).packages ?? {};
  return packages;
}

/** Whether all that the lock file asks for is installed, or for another platform, and nothing else. */
function areDependenciesInstalled() {
  // npm writes this hidden lock file last: it is as old as the tree, and is missing if installing was interrupted.
  const installedLock = "node_modules/.package-lock.json";
  if (modified(installedLock) >= modified("package-lock.json")) return true;
  if (!existsSync(installedLock)) return false;
  // Going from one commit to another makes a lock file young that asks for nothing new.
  const wanted = lockedPackages("package-lock.json");
  const installed = lockedPackages(installedLock);
  return (
    Object.keys(installed).every((folder) => folder in wanted) &&
    Object.entries(wanted).every(([folder, { integrity, optional }]) =>
      folder in installed ? installed[folder].integrity === integrity : optional === true,
    )
  );
}

async function installDependencies() {
  if (areDependenciesInstalled()) return;
  const npm = process.env.npm_execpath;
  const { code, output } = await withProgress("installing dependencies (about 400 MB, once)", () =>
    npm === undefined
      ? run("npm", ["ci"], { shell: process.platform === "win32" })
      : run(process.execPath, [npm, "ci"]),
  );
  if (code !== 0) {
    // After the reason npm explains all its options; nobody wants to scroll past that.
    const reason = output.split("\n").filter((line) => line.startsWith("npm error"));
    throw new SetupError(
      `npm ci failed. Can the package registry be reached, and is there room on the disk? npm said:\n${reason.slice(0, 15).join("\n") || output}`,
    );
  }
}

function typescriptSources() {
  const { include } = JSON.parse(readFileSync("tsconfig.json", "utf8"));
  const folders = include.map((pattern) => pattern.split("/")[0]).filter((folder) => existsSync(folder));
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => join(folder, path)),
  );
}

function compiledSources() {
  try {
    return JSON.parse(readFileSync(STAMP, "utf8"));
  } catch {
    return []; // never compiled, or interrupted while writing: either way compile
  }
}

/** What a source was compiled to must go when the source goes, or a deleted test would still be found and run. */
function removeOutputs(source) {
  for (const suffix of [".js", ".js.map", ".d.ts"]) {
    rmSync(join(OUTPUT, source.replace(/\.ts$/, suffix)), { force: true });
  }
}

/** Makes few, short files of the many modules that the command line loads whenever it starts (see tools/cli.ts). */
async function bundleCommandLine() {
  const { build } = await import("rolldown");
  await build({
    input: "tools/command-line.ts",
    platform: "node",
    // Written in JavaScript that no module may use.
    external: ["blessed"],
    resolve: { alias: { "string-width": join(ROOT, "tools/setup/string-width.mjs") } },
    output: {
      dir: BUNDLE,
      cleanDir: true,
      chunkFileNames: "[name].js",
      sourcemap: true,
      // Names stay, for whoever reads a stack trace or a profile.
      minify: { compress: true, mangle: false, codegen: true },
      // What commands share is in two files, not in one for each set of commands: what is loaded first and the machine.
      codeSplitting: {
        groups: [
          { name: "host", test: /tools[\\/](command|host|terminal)[\\/]/, minShareCount: 2 },
          { name: "machine", test: /emulator[\\/]/, minShareCount: 2 },
        ],
      },
    },
  });
}

/** Instructions that contradict each other do not compile either; checking whenever a machine starts would take long. */
async function checkInstructions() {
  const { check, instructions } = await import(
    pathToFileURL(join(ROOT, OUTPUT, "emulator/isa/table.js")).href
  );
  try {
    check(instructions);
  } catch (error) {
    throw new SetupError(`emulator/isa: ${error.message}`);
  }
}

async function compileTypescript() {
  const sources = typescriptSources();
  const compiled = compiledSources();
  const known = new Set(compiled);
  const newest = Math.max(...[...sources, "tsconfig.json", "package-lock.json"].map(modified));
  if (
    newest < modified(STAMP) &&
    sources.length === compiled.length &&
    sources.every((path) => known.has(path))
  ) {
    return;
  }

  const started = new Date();
  const { code, output } = await withProgress("compiling TypeScript", () =>
    run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]),
  );
  if (code !== 0) throw new SetupError(`the TypeScript sources do not compile:\n${output}`);

  const present = new Set(sources);
  for (const source of compiled) {
    if (!present.has(source)) removeOutputs(source);
  }
  await checkInstructions();
  await bundleCommandLine();
  mkdirSync(OUTPUT, { recursive: true });
  writeFileSync(STAMP, JSON.stringify(sources));
  // A source saved while the compiler ran must look newer than this stamp.
  utimesSync(STAMP, started, started);
}

async function buildGuests() {
  const { buildImages } = await import(pathToFileURL(join(ROOT, OUTPUT, "tools/guest/images.js")).href);
  try {
    await buildImages((message) => process.stderr.write(`${message}\n`));
  } catch (error) {
    if (error.name === "GuestBuildError") throw new SetupError(error.message);
    throw error;
  }
}

async function setUp(args) {
  const unknown = args.find((argument) => argument !== "--no-guests");
  if (unknown !== undefined) throw new SetupError(`unknown option ${unknown}; the only one is --no-guests`);
  requireNode();
  process.chdir(ROOT);
  await installDependencies();
  await compileTypescript();
  if (!args.includes("--no-guests")) await buildGuests();
}

try {
  await setUp(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`setup: ${error.message.trimEnd()}\n`);
  process.exitCode = 1;
}
