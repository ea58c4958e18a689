/**
 * Keeps the modules that machines execute beside the compiled program, and what V8 has made of them: to generate one
 * takes a third of the time in which the command line starts, and then V8 half a second until its code is fast.
 */
import type { KeptModules } from "../../emulator/engine/engine.ts";
import type { KeptFiles } from "./kept-files.ts";
import { digestOf } from "./kept-files.ts";
import { machineCodeOf, withMachineCode } from "./machine-code.ts";

/** Machine code is kept anew once there is so many times as much: more of it has executed often by then. */
const WORTH_KEEPING = 1.2;

/** The machine code of a module: under which name it is kept, and how many bytes of it there were to begin with. */
interface Beginning {
  readonly codeName: string;
  readonly codeBytes: number;
}

/** Modules and their machine code in files; where these cannot be written, all is made each time. */
export class ModulesInFiles implements KeptModules {
  readonly #files: KeptFiles;
  readonly #beginnings = new Map<WebAssembly.Module, Beginning>();
  /** Of each module that executes, a function in which most time passes. */
  readonly #executing = new Map<WebAssembly.Module, WebAssembly.ExportValue>();

  constructor(files: KeptFiles) {
    this.#files = files;
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
      const code = run && machineCodeOf(module, [run]);
      if (code && code.length > codeBytes * WORTH_KEEPING) this.#files.keep(codeName, code);
    }
  }

  #make(name: string, make: () => Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const bytes = make();
    this.#files.keep(name, bytes);
    return bytes;
  }
}
