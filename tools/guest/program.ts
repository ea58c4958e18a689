/** The user programs: ordinary static Linux programs, one folder each in userland/programs. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type BuildProgress, buildProgram, type LinuxProgram } from "./build.ts";
import { ROOT } from "./root.ts";

const FOLDER = "userland/programs";

/** What several programs share; linked into all, and the linker drops what one does not use. */
const LIBRARY = `${FOLDER}/library`;

/** A program that has been built. */
export interface BuiltProgram {
  /** What its command is called. */
  readonly name: string;
  /** Absolute path of its ELF file. */
  readonly path: string;
}

function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".c"))
    .sort()
    .map((name) => `${folder}/${name}`);
}

function programs(): LinuxProgram[] {
  const folders = readdirSync(join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`);
  const isProgram = (folder: string): boolean =>
    folder !== LIBRARY && statSync(join(ROOT, folder)).isDirectory() && sourcesIn(folder).length > 0;
  return folders.filter(isProgram).map((folder) => ({
    name: folder,
    sources: [...sourcesIn(folder), ...sourcesIn(LIBRARY)],
    flags: [`-I${LIBRARY}`],
  }));
}

/** Builds the programs that are out of date; all of them, by name. Throws `GuestBuildError` when one does not build. */
export async function buildPrograms(onProgress?: BuildProgress): Promise<BuiltProgram[]> {
  const build = async (program: LinuxProgram): Promise<BuiltProgram> => ({
    name: program.name.slice(FOLDER.length + 1),
    path: await buildProgram(program, onProgress),
  });
  const built = await Promise.all(programs().map(build));
  return built.sort((a, b) => (a.name < b.name ? -1 : 1));
}
