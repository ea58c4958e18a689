import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The top folder of the repository: the nearest one above this file that has a `package-lock.json`. */
export const ROOT = ((): string => {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    // This file runs from tools/guest and, compiled, from .build/js/tools/guest.
    if (existsSync(join(folder, "package-lock.json"))) return folder;
    if (folder === dirname(folder))
      throw new Error(`no package-lock.json above ${start}: not a checkout of trapframe`);
  }
})();

/** The JavaScript that a source becomes, such as "tools/cli.ts". */
export const compiled = (source: string): string => join(ROOT, ".build/js", source.replace(/\.ts$/, ".js"));
