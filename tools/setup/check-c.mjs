// Checks that every C file is formatted as .clang-format says; --write formats them instead.
//
//   node tools/setup/check-c.mjs [--write]

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDERS = ["kernel", "userland", "test", "tools"];
const write = process.argv.includes("--write");

const files = FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .filter((path) => /\.[ch]$/.test(path))
    .map((path) => join(folder, path)),
);

const action = write ? ["-i"] : ["--dry-run", "--Werror"];
const clangFormat = join(ROOT, "node_modules/clang-format/index.js");
const { status, error } =
  files.length === 0
    ? { status: 0 }
    : spawnSync(process.execPath, [clangFormat, ...action, ...files], { cwd: ROOT, stdio: "inherit" });

if (error !== undefined || status === null) {
  process.stderr.write(`check-c: cannot run clang-format: ${error?.message ?? "it was killed"}\n`);
  process.exitCode = 1;
} else if (status !== 0) {
  process.stderr.write(`check-c: C files are not formatted; "npm run format" formats them\n`);
  process.exitCode = 1;
}
