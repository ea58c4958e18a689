// Checks that every C file is formatted as .clang-format says; --write formats them instead.
//
//   node tools/setup/check-c.mjs [--write]

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import clangFormat from "clang-format";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDERS = ["kernel", "userland", "test", "tools"];
const write = process.argv.includes("--write");

/** The native clang-format: the package's, or on hosts it has none for the one that is installed. */
function findClangFormat() {
  try {
    return clangFormat.getNativeBinary();
  } catch {
    return "clang-format";
  }
}

const files = FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .filter((path) => /\.[ch]$/.test(path))
    .map((path) => join(folder, path)),
);

function fail(message) {
  process.stderr.write(`check-c: ${message}\n`);
  process.exitCode = 1;
}

if (files.length > 0) {
  const action = write ? ["-i"] : ["--dry-run", "--Werror"];
  const { status, error, stderr } = spawnSync(findClangFormat(), [...action, ...files], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const unformatted = new Set(stderr?.match(/^[^\s:]+(?=:\d+:\d+: error: code should be clang-formatted)/gm));
  if (error !== undefined) {
    fail(`cannot run clang-format: ${error.message}`);
  } else if (unformatted.size > 0) {
    fail(`not formatted ("npm run format" formats them):\n  ${[...unformatted].join("\n  ")}`);
  } else if (status !== 0) {
    fail(`clang-format failed:\n${stderr}`);
  }
}
