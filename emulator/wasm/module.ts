/** A WebAssembly module under construction: imports, functions, globals and exports. */
import { name, signedLeb, unsignedLeb, vector } from "./binary.ts";
import type { Code, ValueType } from "./code.ts";
import { VALUE_TYPE } from "./code.ts";

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

interface Signature {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export class ModuleBuilder {
  readonly #types: string[] = [];
  readonly #typeBytes: number[][] = [];
  readonly #imports: number[][] = [];
  #importedFunctions = 0;
  readonly #functions: { readonly type: number; code: Code | undefined }[] = [];
  readonly #globals: number[][] = [];
  readonly #exports: number[][] = [];

  /** Imports the memory "memory"."memory" of at least `pages` 64 KiB pages. */
  importMemory(pages: number): void {
    this.#imports.push([...name("memory"), ...name("memory"), 0x02, 0x00, ...unsignedLeb(pages)]);
  }

  /** Imports a function of module "host"; all imports come before the first definition. */
  importFunction(called: string, signature: Signature): number {
    if (this.#functions.length > 0) throw new Error("imports come before definitions");
    this.#imports.push([...name("host"), ...name(called), 0x00, ...unsignedLeb(this.#type(signature))]);
    return this.#importedFunctions++;
  }

  /** A mutable global's index. */
  global(type: ValueType): number {
    const zero = [type === "i32" ? 0x41 : 0x42, ...signedLeb(0n), 0x0b];
    return this.#globals.push([VALUE_TYPE[type], 0x01, ...zero]) - 1;
  }

  /** Reserves a function's index, so that it can be called before `define` gives its body. */
  declare(signature: Signature): number {
    return (
      this.#importedFunctions + this.#functions.push({ type: this.#type(signature), code: undefined }) - 1
    );
  }

  define(index: number, code: Code): void {
    const entry = this.#functions[index - this.#importedFunctions];
    if (entry === undefined) throw new Error(`function ${index} is not declared`);
    entry.code = code;
  }

  exportFunction(called: string, index: number): void {
    this.#exports.push([...name(called), 0x00, ...unsignedLeb(index)]);
  }

  /** The module's bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    const bodies = this.#functions.map(({ code }, i) => {
      if (code === undefined) throw new Error(`function ${i + this.#importedFunctions} has no body`);
      return code.body();
    });
    return Uint8Array.from([
      ...MAGIC,
      ...section(1, vector(this.#typeBytes)),
      ...section(2, vector(this.#imports)),
      ...section(3, vector(this.#functions.map((f) => unsignedLeb(f.type)))),
      ...section(6, vector(this.#globals)),
      ...section(7, vector(this.#exports)),
      ...section(10, vector(bodies)),
    ]);
  }

  #type({ parameters, results }: Signature): number {
    const key = `${parameters}>${results}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    const of = (types: readonly ValueType[]) => vector(types.map((t) => [VALUE_TYPE[t]]));
    this.#typeBytes.push([0x60, ...of(parameters), ...of(results)]);
    return this.#types.push(key) - 1;
  }
}

const section = (id: number, content: readonly number[]): number[] => {
  return [id].concat(unsignedLeb(content.length), content);
};
