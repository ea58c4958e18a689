/**
 * Keeps the modules that machines execute beside the compiled program, and what V8 has made of them: to generate one
 * takes a third of the time in which the command line starts, and then V8 half a second until its code is fast.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { KeptModules } from "../../emulator/engine/engine.ts";
import { ROOT } from "../guest/root.ts";
import { digestOf, KeptFiles } from "./kept-files.ts";
import { machineCodeOf, withMachineCode } from "./machine-code.ts";

/** Machine code is kept anew once there is so many times as much: more of it has executed often by then. */
const WORTH_KEEPING = 1.2;

/** The machine code of a module: under which name it is kept, and how many bytes of it there were to begin with. */
interface Beginning {
  readonly codeName: string;
  readonly codeBytes: number;
}

/** Modules and their machine code in a folder; where files cannot be written, all is made each time. */
export class ModulesInFolder implements KeptModules {
  readonly #files: KeptFiles;
  readonly #beginnings = new Map<WebAssembly.Module, Beginning>();
  /** Of each module that executes, a function in which most time passes. */
  readonly #executing = new Map<WebAssembly.Module, WebAssembly.ExportValue>();

  constructor(folder: string) {
    this.#files = new KeptFiles(folder);
  }

  async compile(name: string, make: () => Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
    const bytes = this.#files.read(name) ?? this.#make(name, make);
    const codeName = `machine code of ${digestOf(bytes).toString("hex")}`;
    const code = this.#files.read(codeName);
    const restored = code && withMachineCode(bytes, code);
    const module = restored ?? (await WebAssembly.compile(bytes));
    const codeBytes = restored === undefined ? 0 : (code?.length ?? 0);
    this.#beginnings.set(module, { codeName, codeBytes });
    return module;
  }

  executes(module: WebAssembly.Module, run: WebAssembly.ExportValue): void {
    this.#executing.set(module, run);
  }

  /** Keeps the machine code there is by now of what executes. */
  keepMachineCode(): void {
    for (const [module, { codeName, codeBytes }] of this.#beginnings) {
      const run = this.#executing.get(module);
      const code = run && machineCodeOf(module, run);
      if (code && code.length > codeBytes * WORTH_KEEPING) this.#files.keep(codeName, code);
    }
  }

  #make(name: string, make: () => Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const bytes = make();
    this.#files.keep(name, bytes);
    return bytes;
  }
}

/** What a module depends on besides the machine: the program, as far as it was compiled, and what Node can do. */
function version(): string | undefined {
  if (!import.meta.url.includes("/.build/")) return undefined;
  const compiled = statSync(join(ROOT, ".build/js/tsconfig.tsbuildinfo"), { throwIfNoEntry: false });
  if (compiled === undefined) return undefined;
  const parts = [compiled.mtimeMs, compiled.size, process.version, process.arch];
  return digestOf(parts.join(" ")).toString("hex");
}

const loaded = version();
let kept: ModulesInFolder | undefined;

/** For the program that runs. Once it has been compiled anew, nobody knows any more what it made. */
export function keptModules(): KeptModules | undefined {
  if (loaded === undefined || loaded !== version()) return undefined;
  if (kept === undefined) {
    const modules = new ModulesInFolder(join(ROOT, ".build/modules", loaded));
    kept = modules;
    process.once("exit", () => {
      if (loaded === version()) modules.keepMachineCode();
    });
  }
  return kept;
}
