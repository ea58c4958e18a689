#!/usr/bin/env node
/** The program's entry. Set-up makes one file of the command line, for its 230 modules take as long to load as to run. */
import { statSync } from "node:fs";
import { debugging } from "./host/debugging.ts";

const modified = (module: string): number =>
  statSync(new URL(module, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (debugging) process.setSourceMapsEnabled(true);

const bundle = "../../bundle/command-line.js";
// Who has only compiled since wants to run what was compiled.
if (modified(bundle) > modified("../tsconfig.tsbuildinfo")) await import(bundle);
else await import("./command-line.ts");
