/** Source lines of a program's code, from its line-number information (DWARF 2 to 5, "Line Number Information"). */

/** Where a program's sections can be had by name, such as an `ElfProgram`. */
export interface Sections {
  section(name: string): Uint8Array | undefined;
}

export interface SourceLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

interface Row {
  readonly address: bigint;
  /** 0 for what no line made. */
  readonly line: number;
  readonly file: string;
  readonly endSequence: boolean;
}

const mostRows = 4_000_000;

/** Finds the source line of an address. Damaged information gives what can be read of it; nothing is thrown. */
export class SourceLines {
  /** Ascending by address; where a sequence ends and another begins, the beginning counts. */
  readonly #rows: readonly Row[];

  constructor(sections: Sections) {
    const lines = sections.section(".debug_line");
    const strings = {
      line: sections.section(".debug_line_str") ?? new Uint8Array(0),
      debug: sections.section(".debug_str") ?? new Uint8Array(0),
    };
    const rows = lines === undefined ? [] : readUnits(lines, strings);
    this.#rows = rows.toSorted((a, b) =>
      a.address === b.address
        ? Number(b.endSequence) - Number(a.endSequence)
        : a.address < b.address
          ? -1
          : 1,
    );
  }

  at(address: bigint): SourceLine | undefined {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = this.#rows[middle];
      if (row !== undefined && row.address <= address) low = middle + 1;
      else high = middle;
    }
    const row = this.#rows[low - 1];
    return row === undefined || row.endSequence || row.line === 0
      ? undefined
      : { file: row.file, line: row.line };
  }
}

interface Strings {
  readonly line: Uint8Array;
  readonly debug: Uint8Array;
}

function readUnits(section: Uint8Array, strings: Strings): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at + 4 < section.length; ) {
    const start = new Cursor(section, at);
    const wide = start.u32() === 0xffff_ffff;
    const length = wide ? start.offset(true) : new Cursor(section, at).u32();
    const end = at + (wide ? 12 : 4) + length;
    if (length === 0 || end > section.length) break;
    readUnit(new Cursor(section.subarray(0, end), at + (wide ? 12 : 4)), wide, strings, rows);
    if (rows.length >= mostRows) break;
    at = end;
  }
  return rows;
}

interface Header {
  readonly version: number;
  readonly minimumLength: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeLengths: readonly number[];
  /** Names of files by their number; numbers begin at 1 before DWARF 5. */
  readonly files: string[];
  readonly directories: readonly string[];
}

function readUnit(cursor: Cursor, wide: boolean, strings: Strings, rows: Row[]): void {
  const version = cursor.u16();
  if (version < 2 || version > 5) return;
  if (version >= 5) cursor.skip(2); // address and segment selector sizes
  const headerBytes = cursor.offset(wide);
  const program = cursor.position + headerBytes;
  const minimumLength = cursor.u8();
  if (version >= 4) cursor.skip(1); // maximum operations per instruction: for VLIW
  cursor.skip(1); // default_is_stmt
  const lineBase = cursor.i8();
  const lineRange = cursor.u8();
  const opcodeBase = cursor.u8();
  const opcodeLengths = Array.from({ length: Math.max(0, opcodeBase - 1) }, () => cursor.u8());
  const [directories, files] = version >= 5 ? namesOf5(cursor, wide, strings) : namesBefore5(cursor);
  if (lineRange === 0 || cursor.failed || program < cursor.position) return;
  const header = { version, minimumLength, lineBase, lineRange, opcodeLengths, files, directories };
  runProgram(new Cursor(cursor.bytes, program), header, rows);
}

const opcode = {
  copy: 1,
  advancePc: 2,
  advanceLine: 3,
  setFile: 4,
  constAddPc: 8,
  fixedAdvancePc: 9,
} as const;
const extended = { endSequence: 1, setAddress: 2, defineFile: 3 } as const;

function runProgram(cursor: Cursor, header: Header, rows: Row[]): void {
  const { minimumLength, lineBase, lineRange, opcodeLengths, files, directories } = header;
  const opcodeBase = opcodeLengths.length + 1;
  let address = 0n;
  let file = 1;
  let line = 1;
  const emit = (endSequence: boolean) => {
    rows.push({ address, line: Math.max(0, line), file: files[file] ?? "?", endSequence });
  };
  const advance = (operations: number) => {
    address = BigInt.asUintN(64, address + BigInt(operations * minimumLength));
  };
  while (!cursor.ended && rows.length < mostRows) {
    const op = cursor.u8();
    if (op >= opcodeBase) {
      advance(Math.floor((op - opcodeBase) / lineRange));
      line += lineBase + ((op - opcodeBase) % lineRange);
      emit(false);
      continue;
    }
    switch (op) {
      case 0: {
        const length = cursor.uleb();
        const end = cursor.position + length;
        const sub = length === 0 ? 0 : cursor.u8();
        if (sub === extended.endSequence) {
          emit(true);
          [address, file, line] = [0n, 1, 1];
        } else if (sub === extended.setAddress) {
          address = length === 9 ? cursor.u64() : BigInt(cursor.u32());
        } else if (sub === extended.defineFile) {
          files.push(readFile(cursor, directories));
        }
        cursor.position = end;
        break;
      }
      case opcode.copy:
        emit(false);
        break;
      case opcode.advancePc:
        advance(cursor.uleb());
        break;
      case opcode.advanceLine:
        line += cursor.sleb();
        break;
      case opcode.setFile:
        file = cursor.uleb();
        break;
      case opcode.constAddPc:
        advance(Math.floor((255 - opcodeBase) / lineRange));
        break;
      case opcode.fixedAdvancePc:
        address = BigInt.asUintN(64, address + BigInt(cursor.u16()));
        break;
      default:
        for (let operand = 0; operand < (opcodeLengths[op - 1] ?? 0); operand++) cursor.uleb();
    }
  }
}

type Names = [directories: string[], files: string[]];

/** Lists that end with an empty name; file 0 does not exist, directory 0 is that of the compilation, which is not named. */
function namesBefore5(cursor: Cursor): Names {
  const directories = [""];
  for (let name = cursor.string(); name !== "" && !cursor.failed; name = cursor.string())
    directories.push(name);
  const files = ["?"];
  while (!cursor.failed && cursor.peek() !== 0) files.push(readFile(cursor, directories));
  cursor.skip(1);
  return [directories, files];
}

function readFile(cursor: Cursor, directories: readonly string[]): string {
  const name = cursor.string();
  const directory = directories[cursor.uleb()] ?? "";
  cursor.uleb(); // time of change
  cursor.uleb(); // size
  return joined(directory, name);
}

const content = { path: 1, directory: 2 } as const;
const mostNames = 100_000;

function namesOf5(cursor: Cursor, wide: boolean, strings: Strings): Names {
  const directories = readEntries(cursor, wide, strings).map(({ path }) => path);
  const files = readEntries(cursor, wide, strings).map(({ path, directory }) =>
    joined(joined(directories[0] ?? "", directories[directory] ?? ""), path),
  );
  return [directories, files];
}

function readEntries(cursor: Cursor, wide: boolean, strings: Strings): { path: string; directory: number }[] {
  const formats = Array.from({ length: cursor.u8() }, () => [cursor.uleb(), cursor.uleb()] as const);
  const count = Math.min(cursor.uleb(), mostNames);
  const entries: { path: string; directory: number }[] = [];
  for (let n = 0; n < count && !cursor.failed; n++) {
    let path = "";
    let directory = 0;
    for (const [type, form] of formats) {
      const value = readForm(cursor, form, wide, strings);
      if (type === content.path && typeof value === "string") path = value;
      if (type === content.directory && typeof value === "number") directory = value;
    }
    entries.push({ path, directory });
  }
  return entries;
}

/** The forms that names, numbers of directories, times, sizes and checksums can have (DWARF 5, 6.2.4.1). */
function readForm(
  cursor: Cursor,
  form: number,
  wide: boolean,
  strings: Strings,
): string | number | undefined {
  switch (form) {
    case 0x08: // DW_FORM_string
      return cursor.string();
    case 0x1f: // DW_FORM_line_strp
      return stringAt(strings.line, cursor.offset(wide));
    case 0x0e: // DW_FORM_strp
      return stringAt(strings.debug, cursor.offset(wide));
    case 0x0b: // DW_FORM_data1
      return cursor.u8();
    case 0x05: // DW_FORM_data2
      return cursor.u16();
    case 0x06: // DW_FORM_data4
      return cursor.u32();
    case 0x07: // DW_FORM_data8
      return cursor.skip(8);
    case 0x1e: // DW_FORM_data16
      return cursor.skip(16);
    case 0x0f: // DW_FORM_udata
      return cursor.uleb();
    case 0x09: // DW_FORM_block
      return cursor.skip(cursor.uleb());
    default:
      return cursor.fail();
  }
}

const joined = (directory: string, name: string) =>
  directory === "" || name.startsWith("/") ? name : `${directory}/${name}`;

const largestScale = 128 ** 7;

const decoder = new TextDecoder();

function stringAt(bytes: Uint8Array, offset: number): string {
  if (offset >= bytes.length) return "";
  const end = bytes.indexOf(0, offset);
  return decoder.decode(bytes.subarray(offset, end < 0 ? undefined : end));
}

/** Reads bytes in order. Beyond the end there are zeros, and it has failed. */
class Cursor {
  readonly bytes: Uint8Array;
  position: number;
  #failed = false;

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes;
    this.position = position;
  }

  get ended(): boolean {
    return this.position >= this.bytes.length;
  }
  get failed(): boolean {
    return this.#failed || this.position > this.bytes.length;
  }

  /** Gives up on what cannot be understood. */
  fail(): undefined {
    this.#failed = true;
  }
  skip(count: number): undefined {
    this.position += count;
  }
  peek(): number {
    return this.bytes[this.position] ?? 0;
  }
  u8(): number {
    return this.bytes[this.position++] ?? 0;
  }
  i8(): number {
    return (this.u8() << 24) >> 24;
  }
  u16(): number {
    return this.u8() | (this.u8() << 8);
  }
  u32(): number {
    return this.u16() + this.u16() * 0x1_0000;
  }
  u64(): bigint {
    return BigInt(this.u32()) | (BigInt(this.u32()) << 32n);
  }
  /** An offset or a length: 4 bytes, or 8 in the 64-bit format. */
  offset(wide: boolean): number {
    return wide ? Number(this.u64()) : this.u32();
  }
  /** Numbers beyond 2^53 do not occur: their higher bits are lost. */
  uleb(): number {
    return this.#leb()[0];
  }
  sleb(): number {
    const [value, scale, negative] = this.#leb();
    return negative ? value - scale : value;
  }
  /** The value, the weight of the first bit after it, and whether its last bit is set. */
  #leb(): [value: number, scale: number, negative: boolean] {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      if (scale < largestScale) value += (byte & 0x7f) * scale;
      if (byte < 0x80) return [value, Math.min(scale * 128, largestScale), (byte & 0x40) !== 0];
      if (scale >= largestScale) scale = largestScale;
    }
  }
  string(): string {
    const text = stringAt(this.bytes, this.position);
    const end = this.bytes.indexOf(0, this.position);
    this.position = end < 0 ? this.bytes.length + 1 : end + 1;
    return text;
  }
}
