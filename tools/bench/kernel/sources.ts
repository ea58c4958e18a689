import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../guest/root.ts";

/** The C and assembly files that lie in a folder of the repository, relative to its top. */
export function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => /\.[cS]$/.test(name))
    .sort()
    .map((name) => `${folder}/${name}`);
}
