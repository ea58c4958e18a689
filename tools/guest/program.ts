/**
 * The user programs: ordinary static Linux programs, one folder each in userland/programs. A program's file `libraries`
 * names folders, one a line, whose sources are linked into it too and whose headers it finds.
 */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
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
    .filter((name) => /\.[cS]$/.test(name))
    .sort()
    .map((name) => `${folder}/${name}`);
}

/** The folders that a program's file `libraries` names. */
function librariesOf(folder: string): string[] {
  const list = join(ROOT, folder, "libraries");
  return existsSync(list) ? (readFileSync(list, "utf8").match(/\S+/g) ?? []) : [];
}

function programs(): LinuxProgram[] {
  const folders = readdirSync(join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`);
  const isProgram = (folder: string): boolean =>
    folder !== LIBRARY && statSync(join(ROOT, folder)).isDirectory() && sourcesIn(folder).length > 0;
  return folders.filter(isProgram).map((folder) => {
    const libraries = [LIBRARY, ...librariesOf(folder)];
    return {
      name: folder,
      sources: [folder, ...libraries].flatMap(sourcesIn),
      flags: libraries.map((library) => `-I${library}`),
    };
  });
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
