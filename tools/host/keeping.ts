/** What this program keeps for its next run, beside its JavaScript: modules, and what was translated of guests. */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { MachineOptions } from "../../emulator/board/options.ts";
import { ROOT } from "../guest/root.ts";
import { digestOf, KeptFiles } from "./kept-files.ts";
import { ModulesInFiles } from "./kept-modules.ts";
import { guestOf, RegionsInFile } from "./kept-regions.ts";

/** What all of it depends on: the program, as far as it was compiled, and what Node can do. */
function version(): string | undefined {
  if (!import.meta.url.includes("/.build/")) return undefined;
  const compiled = statSync(join(ROOT, ".build/js/tsconfig.tsbuildinfo"), { throwIfNoEntry: false });
  if (compiled === undefined) return undefined;
  const parts = [compiled.mtimeMs, compiled.size, process.version, process.arch];
  return digestOf(parts.join(" ")).toString("hex");
}

class Keeping {
  readonly modules: ModulesInFiles;
  readonly #files: KeptFiles;
  readonly #regions = new Map<string, RegionsInFile>();

  constructor(folder: string) {
    this.#files = new KeptFiles(folder);
    this.modules = new ModulesInFiles(this.#files);
  }

  /** What was translated of a guest on machines of a likeness. */
  regions(guest: string, likeness: string): RegionsInFile {
    const name = `regions of ${guest} on ${likeness}`;
    const regions = this.#regions.get(name) ?? new RegionsInFile(this.#files, name);
    this.#regions.set(name, regions);
    return regions;
  }

  keep(): void {
    this.modules.keepMachineCode();
    for (const regions of this.#regions.values()) regions.keep();
  }
}

const loaded = version();
let keeping: Keeping | undefined;

/** What a machine with these options is to be given to go on with; nothing once the program has been compiled anew. */
export function kept(options: MachineOptions): Pick<MachineOptions, "keptModules" | "keptRegions"> {
  // Nobody knows any more what the program was that made it.
  if (loaded === undefined || loaded !== version()) return {};
  const all = keeping ?? startKeeping(loaded);
  keeping = all;
  const guest = guestOf(options);
  return {
    keptModules: all.modules,
    keptRegions: (likeness) => all.regions(guest, likeness).forNextMachine(),
  };
}

function startKeeping(folder: string): Keeping {
  const started = new Keeping(join(ROOT, ".build/modules", folder));
  process.once("exit", () => {
    try {
      if (loaded === version()) started.keep();
    } catch {
      // A run that has succeeded does not fail for want of something to keep.
    }
  });
  return started;
}
