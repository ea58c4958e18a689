import { hex, ImageError } from "./image-error.ts";
import { type ProgramSymbol, SymbolTable } from "./symbols.ts";

/** A part of the program that is loaded into memory (`PT_LOAD`). */
export interface ElfSegment {
  readonly virtual: bigint;
  readonly physical: bigint;
  /** Contents; memory beyond them, up to `memoryBytes`, is zero. */
  readonly contents: Uint8Array;
  readonly memoryBytes: bigint;
  readonly executable: boolean;
}

/** A program for 64-bit RISC-V. */
export interface ElfProgram {
  /** Entry point as the file states it: a virtual address. */
  readonly entry: bigint;
  /** Ascending by physical address, none overlapping another, none empty. */
  readonly segments: readonly ElfSegment[];
  readonly symbols: SymbolTable;
  /** Contents of the first section of that name, such as ".debug_line"; undefined where there is none, or it is compressed or damaged. */
  section(name: string): Uint8Array | undefined;
}

const fileHeaderBytes = 64;
const programHeaderBytes = 56;
const sectionHeaderBytes = 64;
const symbolBytes = 24;

const classes = ["", "32-bit", "64-bit"];
const classElf64 = 2;
const littleEndian = 1;
const machineRiscv = 243;
const machines = new Map([
  [3, "32-bit x86"],
  [8, "MIPS"],
  [21, "64-bit POWER"],
  [22, "S/390"],
  [40, "32-bit ARM"],
  [62, "x86-64"],
  [183, "64-bit ARM"],
  [258, "LoongArch"],
]);
const typeExecutable = 2;
const typeShared = 3;
const typeAdvice = new Map([
  [1, "it is an object file, not a program; link it first"],
  [4, "it is a core dump, not a program; give the program itself"],
]);
const segmentLoad = 1;
const segmentExecutable = 1;
const sectionSymbols = 2;
const sectionStrings = 3;
const sectionNoBits = 8;
const sectionCompressed = 0x800n;
const sectionUndefined = 0;
const sectionReserved = 0xff00;
const symbolKinds: readonly (ProgramSymbol["kind"] | undefined)[] = ["label", "object", "function"];

/** True when the bytes start like an ELF file, well-formed or not. */
export function isElf(image: Uint8Array): boolean {
  return image[0] === 0x7f && image[1] === 0x45 && image[2] === 0x4c && image[3] === 0x46;
}

/**
 * Reads a little-endian ELF64 program for RISC-V (System V gABI, chapters 4 and 5). Contents are views of `image`,
 * not copies. Throws ImageError, with `name` for the image, on anything else and on any part outside the file.
 */
export function parseElf(image: Uint8Array, name: string): ElfProgram {
  const file = new ElfFile(image, name);
  const entry = file.readHeader();
  return {
    entry,
    segments: file.segments(),
    symbols: new SymbolTable(file.symbols()),
    section: (wanted) => file.section(wanted),
  };
}

interface Section {
  /** Offset of its name in the names of sections. */
  readonly name: number;
  readonly type: number;
  readonly flags: bigint;
  readonly address: bigint;
  readonly offset: bigint;
  readonly bytes: bigint;
  readonly link: number;
}

class ElfFile {
  readonly #image: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;

  constructor(image: Uint8Array, name: string) {
    this.#image = image;
    this.#view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    this.#name = name;
  }

  /** Checks that this is a program for this machine; answers its entry point. */
  readHeader(): bigint {
    const image = this.#image;
    if (!isElf(image)) throw this.#error("not an ELF file", "give a program linked for riscv64");
    if (image.length < fileHeaderBytes) {
      throw this.#truncated(`the ELF header needs ${fileHeaderBytes} bytes`);
    }
    const elfClass = image[4] ?? 0;
    if (elfClass !== classElf64) {
      const found = classes[elfClass] || `of unknown class ${elfClass}`;
      throw this.#error(`the ELF file is ${found}`, "this machine runs 64-bit RISC-V (riscv64) programs");
    }
    if (image[5] !== littleEndian) {
      throw this.#error("the ELF file is not little-endian", "build it for little-endian riscv64");
    }
    const machine = this.#view.getUint16(18, true);
    if (machine !== machineRiscv) {
      const found = machines.get(machine) ?? `machine number ${machine}`;
      throw this.#error(`the ELF file is for ${found}`, "this machine runs 64-bit RISC-V (riscv64) programs");
    }
    const type = this.#view.getUint16(16, true);
    if (type !== typeExecutable && type !== typeShared) {
      throw this.#error(
        `ELF type ${type} cannot be loaded`,
        typeAdvice.get(type) ?? "give a linked program (type EXEC or DYN)",
      );
    }
    return this.#view.getBigUint64(24, true);
  }

  segments(): ElfSegment[] {
    const offset = this.#view.getBigUint64(32, true);
    const count = this.#view.getUint16(56, true);
    if (count > 0) this.#expectEntryBytes("program", this.#view.getUint16(54, true), programHeaderBytes);
    const table = this.#slice(offset, BigInt(count * programHeaderBytes), "the program header table");
    const segments: ElfSegment[] = [];
    for (let index = 0; index < count; index++) {
      const header = view(table.subarray(index * programHeaderBytes, (index + 1) * programHeaderBytes));
      if (header.getUint32(0, true) !== segmentLoad) continue;
      const segment = this.#loadedSegment(header, `segment ${index}`);
      if (segment.memoryBytes > 0n) segments.push(segment);
    }
    if (segments.length === 0) {
      throw this.#error(
        "the ELF file has no segment to load",
        "link it as a program, not as debug information alone",
      );
    }
    segments.sort((a, b) => (a.physical < b.physical ? -1 : 1));
    for (const [index, segment] of segments.entries()) {
      const next = segments[index + 1];
      if (next !== undefined && segment.physical + segment.memoryBytes > next.physical) {
        const end = segment.physical + segment.memoryBytes - 1n;
        throw this.#error(
          `the segment at physical ${hex(segment.physical)} to ${hex(end)} overlaps the one at ${hex(next.physical)}`,
          "correct the load addresses in its linker script",
        );
      }
    }
    return segments;
  }

  #loadedSegment(header: DataView, what: string): ElfSegment {
    const physical = header.getBigUint64(24, true);
    const fileBytes = header.getBigUint64(32, true);
    const memoryBytes = header.getBigUint64(40, true);
    if (fileBytes > memoryBytes) {
      throw this.#error(
        `${what} has ${fileBytes} bytes in the file but only ${memoryBytes} in memory`,
        "the file is damaged; build or fetch it again",
      );
    }
    if (physical + memoryBytes > 1n << 64n) {
      throw this.#error(
        `${what} at physical ${hex(physical)} runs past the end of the address space`,
        "correct the load addresses in its linker script",
      );
    }
    return {
      virtual: header.getBigUint64(16, true),
      physical,
      contents: this.#slice(header.getBigUint64(8, true), fileBytes, what),
      memoryBytes,
      executable: (header.getUint32(4, true) & segmentExecutable) !== 0,
    };
  }

  symbols(): ProgramSymbol[] {
    const sections = this.#sections();
    return sections
      .filter((section) => section.type === sectionSymbols)
      .flatMap((section) => this.#symbolsOf(section, sections));
  }

  #sections(): Section[] {
    const offset = this.#view.getBigUint64(40, true);
    if (offset === 0n) return [];
    const count = this.#view.getUint16(60, true);
    if (count > 0) this.#expectEntryBytes("section", this.#view.getUint16(58, true), sectionHeaderBytes);
    const table = view(this.#slice(offset, BigInt(count * sectionHeaderBytes), "the section header table"));
    return Array.from({ length: count }, (_, index) => {
      const base = index * sectionHeaderBytes;
      return {
        name: table.getUint32(base, true),
        type: table.getUint32(base + 4, true),
        flags: table.getBigUint64(base + 8, true),
        address: table.getBigUint64(base + 16, true),
        offset: table.getBigUint64(base + 24, true),
        bytes: table.getBigUint64(base + 32, true),
        link: table.getUint32(base + 40, true),
      };
    });
  }

  section(wanted: string): Uint8Array | undefined {
    const sections = this.#sections();
    const names = this.#within(sections[this.#view.getUint16(62, true)]);
    const section = sections.find(({ name }) => names !== undefined && nameAt(names, name) === wanted);
    return this.#within(section);
  }

  /** A section's contents, where they are in the file as they are. */
  #within(section: Section | undefined): Uint8Array | undefined {
    if (section === undefined || section.type === sectionNoBits) return undefined;
    const end = section.offset + section.bytes;
    if ((section.flags & sectionCompressed) !== 0n || end > BigInt(this.#image.length)) return undefined;
    return this.#image.subarray(Number(section.offset), Number(end));
  }

  #symbolsOf(section: Section, sections: readonly Section[]): ProgramSymbol[] {
    const strings = sections[section.link];
    if (strings?.type !== sectionStrings) {
      throw this.#error(
        `the symbol table names section ${section.link} as its strings, which is none`,
        "the file is damaged; build it again or strip it",
      );
    }
    const names = this.#slice(strings.offset, strings.bytes, "the symbols' names");
    const table = view(this.#slice(section.offset, section.bytes, "the symbol table"));
    const symbols: ProgramSymbol[] = [];
    for (let base = 0; base + symbolBytes <= table.byteLength; base += symbolBytes) {
      const info = table.getUint8(base + 4);
      const kind = symbolKinds[info & 0xf];
      const home = table.getUint16(base + 6, true);
      const name = this.#string(names, table.getUint32(base, true));
      // Names with `$` mark code and data for disassemblers (RISC-V ELF psABI, "Mapping Symbol"); they name nothing.
      if (kind === undefined || home === sectionUndefined || name === "" || name.startsWith("$")) continue;
      const within = home < sectionReserved ? sections[home] : undefined;
      symbols.push({
        name,
        kind,
        address: table.getBigUint64(base + 8, true),
        bytes: table.getBigUint64(base + 16, true),
        sectionEnd: within === undefined ? undefined : within.address + within.bytes,
        global: info >> 4 !== 0,
      });
    }
    return symbols;
  }

  #string(strings: Uint8Array, offset: number): string {
    const name = nameAt(strings, offset);
    if (name === undefined) {
      throw this.#error(
        `a symbol's name lies at ${offset}, outside the ${strings.length} bytes of names`,
        "the file is damaged; build it again or strip it",
      );
    }
    return name;
  }

  #slice(offset: bigint, bytes: bigint, what: string): Uint8Array {
    if (offset + bytes > BigInt(this.#image.length)) {
      throw this.#truncated(`${what} ends at byte ${offset + bytes}`);
    }
    return this.#image.subarray(Number(offset), Number(offset + bytes));
  }

  #expectEntryBytes(table: string, found: number, expected: number): void {
    if (found === expected) return;
    throw this.#error(
      `its ${table} headers have ${found} bytes each, not ${expected}`,
      "the file is damaged; build or fetch it again",
    );
  }

  #truncated(need: string): ImageError {
    return this.#error(
      `the ELF file is truncated: ${need}, the file has ${this.#image.length} bytes`,
      "build or fetch it again",
    );
  }

  #error(problem: string, remedy: string): ImageError {
    return new ImageError(this.#name, problem, remedy);
  }
}

/** The string that begins at an offset and ends with a zero. */
function nameAt(strings: Uint8Array, offset: number): string | undefined {
  const end = strings.indexOf(0, offset);
  if (offset >= strings.length || end < 0) return undefined;
  // Relaxation leaves thousands of labels without names.
  return end === offset ? "" : decoder.decode(strings.subarray(offset, end));
}

const decoder = new TextDecoder();

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
