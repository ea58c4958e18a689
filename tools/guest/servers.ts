/** The microkernel's servers: native programs of userland, each a folder with its subfolders, linked with userland/lib. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type BuildProgress, buildProgram, type LinuxProgram } from "./build.ts";
import type { BuiltProgram } from "./program.ts";
import { ROOT } from "./root.ts";

const LIBRARY = "userland/lib";

/** In the order in which they start. */
const SERVERS = ["supervisor", "names", "disk", "pager", "terminal", "files", "process"] as const;

function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((name) => /\.[cS]$/.test(name))
    .sort();
}

/** Sources of other servers that some need, too: the pager reads where the file system leaves room for swap. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  pager: ["userland/files/core/format.c", "userland/files/core/checksum.c"],
};

function server(name: string): LinuxProgram {
  const folder = `userland/${name}`;
  return {
    name: folder,
    sources: [...sourcesIn(folder), ...(SHARED[name] ?? []), ...sourcesIn(LIBRARY)],
    // Their paths are short, and how long they are is measured: not -Os.
    flags: ["-O2", "-Iuserland", "-Ikernel/abi"],
  };
}

/** Builds the servers that are out of date; all of them. Throws `GuestBuildError` when one does not build. */
export function buildServers(onProgress?: BuildProgress): Promise<BuiltProgram[]> {
  return Promise.all(
    SERVERS.map(async (name) => ({
      name,
      path: await buildProgram(server(name), onProgress),
    })),
  );
}
