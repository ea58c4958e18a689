/** A WebAssembly module under construction: imports, functions, globals and exports. */
import { name, unsignedLeb, vector } from "./binary.ts";
import type { Code, IntegerType, ValueType } from "./code.ts";
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
  #importedGlobals = 0;
  readonly #functions: { readonly type: number; code: Code | undefined }[] = [];
  readonly #globals: number[][] = [];
  readonly #tables: number[][] = [];
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

  /** Imports the mutable i32 global "host".NAME; all imports come before the first definition. */
  importGlobal(called: string): number {
    this.#imports.push([...name("host"), ...name(called), 0x03, VALUE_TYPE.i32, 0x01]);
    return this.#importedGlobals++;
  }

  /** The number of a function type, for indirect calls. */
  type(signature: Signature): number {
    return this.#type(signature);
  }

  /** Exports the module's table, of `size` functions. */
  exportTable(called: string, size: number): void {
    this.#tables.push([0x70, 0x00, ...unsignedLeb(size)]);
    this.#exports.push([...name(called), 0x01, 0]);
  }

  /** A mutable global's index. */
  global(type: IntegerType): number {
    const zero = [type === "i32" ? 0x41 : 0x42, 0, 0x0b];
    return this.#importedGlobals + this.#globals.push([VALUE_TYPE[type], 0x01, ...zero]) - 1;
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

  exportGlobal(called: string, index: number): void {
    this.#exports.push([...name(called), 0x03, ...unsignedLeb(index)]);
  }

  /** The module's bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    const bodies = this.#functions.map(({ code }, i) => {
      if (code === undefined) throw new Error(`function ${i + this.#importedFunctions} has no body`);
      return code.body();
    });
    return joined([
      MAGIC,
      ...section(1, this.#typeBytes),
      ...section(2, this.#imports),
      ...section(
        3,
        this.#functions.map((f) => unsignedLeb(f.type)),
      ),
      ...section(4, this.#tables),
      ...section(6, this.#globals),
      ...section(7, this.#exports),
      ...this.#branchHints(),
      ...section(10, bodies),
    ]);
  }

  /** The custom section of the branch-hinting proposal, which stands before the code. */
  #branchHints(): number[][] {
    const hinted = this.#functions.flatMap(({ code }, i) => {
      const hints = code?.hints();
      return hints === undefined ? [] : [unsignedLeb(i + this.#importedFunctions).concat(hints)];
    });
    if (hinted.length === 0) return [];
    return section(0, hinted, name("metadata.code.branch_hint"));
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

/** The pieces of a section that holds a vector, after a custom section's name. */
function section(id: number, items: readonly number[][], called: readonly number[] = []): number[][] {
  const start = called.concat(unsignedLeb(items.length));
  const length = items.reduce((sum, item) => sum + item.length, start.length);
  return [[id, ...unsignedLeb(length)], start, ...items];
}

function joined(pieces: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
