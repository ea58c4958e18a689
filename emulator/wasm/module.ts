/** A WebAssembly module under construction: imports, functions, globals and exports. */
import { Bytes, unsignedLength } from "./binary.ts";
import type { Code, IntegerType, ValueType } from "./code.ts";
import { VALUE_TYPE } from "./code.ts";

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const FUNCTION_REFERENCE = 0x70;
const MUTABLE = 0x01;

/** What a function takes and gives. */
export interface Signature {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** What an import or export is. */
const Kind = { function: 0, table: 1, memory: 2, global: 3 } as const;

export class ModuleBuilder {
  readonly #types: string[] = [];
  /** The numbers of signatures that have been met, which are few objects. */
  readonly #met = new Map<Signature, number>();
  readonly #typeSection = new Section(1);
  readonly #imports = new Section(2);
  #importedFunctions = 0;
  #importedGlobals = 0;
  readonly #functions: { readonly type: number; code: Code | undefined }[] = [];
  #globals = 0;
  readonly #globalSection = new Section(6);
  readonly #tables = new Section(4);
  readonly #exports = new Section(7);

  /** Imports the memory "memory"."memory" of at least `pages` 64 KiB pages. */
  importMemory(pages: number): void {
    const item = this.#import("memory", "memory", Kind.memory);
    item.byte(0x00);
    item.unsigned(pages);
  }

  /** Imports a function of module "host"; all imports come before the first definition. */
  importFunction(called: string, signature: Signature): number {
    this.#import("host", called, Kind.function).unsigned(this.type(signature));
    return this.#importedFunctions++;
  }

  /** Imports the mutable i32 global "host".NAME; all imports come before the first definition. */
  importGlobal(called: string): number {
    const item = this.#import("host", called, Kind.global);
    item.byte(VALUE_TYPE.i32);
    item.byte(MUTABLE);
    return this.#importedGlobals++;
  }

  #import(from: string, called: string, kind: number): Bytes {
    if (this.#functions.length > 0) throw new Error("imports come before definitions");
    const item = this.#imports.item();
    item.name(from);
    item.name(called);
    item.byte(kind);
    return item;
  }

  /** The number of a function type, for indirect calls. */
  type(signature: Signature): number {
    let number = this.#met.get(signature);
    if (number === undefined) {
      number = this.#typeOf(signature);
      this.#met.set(signature, number);
    }
    return number;
  }

  #typeOf({ parameters, results }: Signature): number {
    const key = `${parameters}>${results}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    const item = this.#typeSection.item();
    item.byte(0x60);
    for (const types of [parameters, results]) {
      item.unsigned(types.length);
      for (const type of types) item.byte(VALUE_TYPE[type]);
    }
    return this.#types.push(key) - 1;
  }

  /** Exports the module's table, of `size` functions. */
  exportTable(called: string, size: number): void {
    const item = this.#tables.item();
    item.byte(FUNCTION_REFERENCE);
    item.byte(0x00);
    item.unsigned(size);
    this.#export(called, Kind.table, 0);
  }

  /** A mutable global's index. */
  global(type: IntegerType): number {
    const item = this.#globalSection.item();
    item.byte(VALUE_TYPE[type]);
    item.byte(MUTABLE);
    for (const byte of [type === "i32" ? 0x41 : 0x42, 0, 0x0b]) item.byte(byte);
    return this.#importedGlobals + this.#globals++;
  }

  /** Reserves a function's index, so that it can be called before `define` gives its body. */
  declare(signature: Signature): number {
    const declared = this.#functions.push({ type: this.type(signature), code: undefined });
    return this.#importedFunctions + declared - 1;
  }

  define(index: number, code: Code): void {
    const entry = this.#functions[index - this.#importedFunctions];
    if (entry === undefined) throw new Error(`function ${index} is not declared`);
    entry.code = code;
  }

  exportFunction(called: string, index: number): void {
    this.#export(called, Kind.function, index);
  }

  exportGlobal(called: string, index: number): void {
    this.#export(called, Kind.global, index);
  }

  #export(called: string, kind: number, index: number): void {
    const item = this.#exports.item();
    item.name(called);
    item.byte(kind);
    item.unsigned(index);
  }

  /** The module's bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    const declarations = new Section(3);
    const bodies = new Section(10);
    const hints = new Section(0, "metadata.code.branch_hint");
    this.#functions.forEach(({ type, code }, i) => {
      const index = i + this.#importedFunctions;
      if (code === undefined) throw new Error(`function ${index} has no body`);
      declarations.item().unsigned(type);
      code.appendTo(bodies.item());
      if (!code.isHinted) return;
      const item = hints.item();
      item.unsigned(index);
      code.appendHints(item);
    });
    const sections = [
      this.#typeSection,
      this.#imports,
      declarations,
      this.#tables,
      this.#globalSection,
      this.#exports,
      // Hints of branches stand before the code.
      hints,
      bodies,
    ];
    const module = new Bytes(sections.reduce((sum, section) => sum + section.atMost, MAGIC.length));
    for (const byte of MAGIC) module.byte(byte);
    for (const section of sections) section.appendTo(module);
    return module.written;
  }
}

/** A section under construction: a vector, in custom sections after a name. */
class Section {
  readonly #id: number;
  readonly #name = new Bytes(0);
  readonly #content = new Bytes();
  #items = 0;

  constructor(id: number, called?: string) {
    this.#id = id;
    if (called !== undefined) this.#name.name(called);
  }

  /** Begins another item, to which belongs what is appended until the next one begins. */
  item(): Bytes {
    this.#items++;
    return this.#content;
  }

  /** No fewer bytes than the whole section will have. */
  get atMost(): number {
    return 11 + this.#name.length + this.#content.length;
  }

  appendTo(module: Bytes): void {
    if (this.#items === 0) return;
    module.byte(this.#id);
    module.unsigned(this.#name.length + unsignedLength(this.#items) + this.#content.length);
    module.append(this.#name);
    module.unsigned(this.#items);
    module.append(this.#content);
  }
}
