/** Builds small ELF files for tests: right by default, wrong where a test asks for it. */

export interface FixtureSegment {
  readonly virtual: bigint;
  readonly physical?: bigint;
  readonly contents: Uint8Array;
  readonly memoryBytes?: bigint;
}

export interface FixtureSymbol {
  readonly name: string;
  readonly address: bigint;
  readonly bytes?: bigint;
  /** Symbol type and binding (`st_info`); a global function unless said otherwise. */
  readonly info?: number;
  /** Section index; 1, the only one with addresses, unless said otherwise. */
  readonly section?: number;
}

export interface Fixture {
  readonly entry: bigint;
  readonly segments: readonly FixtureSegment[];
  readonly symbols?: readonly FixtureSymbol[];
  /** Address range of section 1. */
  readonly text?: { readonly address: bigint; readonly bytes: bigint };
}

/** Offsets of the header fields that tests spoil. */
export const elfHeader = { class: 4, data: 5, type: 16, machine: 18, programHeaderBytes: 54 };
export const firstProgramHeader = 64;
export const programHeader = { offset: 8, physical: 24, fileBytes: 32, memoryBytes: 40, size: 56 };

export function buildElf({ entry, segments, symbols = [], text }: Fixture): Uint8Array {
  const names = symbols.map((symbol) => new TextEncoder().encode(`${symbol.name}\0`));
  const strings = Uint8Array.from([0, ...names.flatMap((name) => [...name])]);
  const segmentsOffset = firstProgramHeader + segments.length * programHeader.size;
  const symbolsOffset = segmentsOffset + segments.reduce((sum, segment) => sum + segment.contents.length, 0);
  const stringsOffset = symbolsOffset + symbols.length * 24;
  const sectionsOffset = stringsOffset + strings.length;
  const image = new Uint8Array(sectionsOffset + 4 * 64);
  const view = new DataView(image.buffer);

  image.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(elfHeader.type, 2, true);
  view.setUint16(elfHeader.machine, 243, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, entry, true);
  view.setBigUint64(32, BigInt(firstProgramHeader), true);
  view.setBigUint64(40, BigInt(sectionsOffset), true);
  view.setUint16(52, 64, true);
  view.setUint16(elfHeader.programHeaderBytes, programHeader.size, true);
  view.setUint16(56, segments.length, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, 4, true);

  let contentsOffset = segmentsOffset;
  for (const [index, segment] of segments.entries()) {
    const header = firstProgramHeader + index * programHeader.size;
    view.setUint32(header, 1, true);
    view.setUint32(header + 4, 7, true);
    view.setBigUint64(header + programHeader.offset, BigInt(contentsOffset), true);
    view.setBigUint64(header + 16, segment.virtual, true);
    view.setBigUint64(header + programHeader.physical, segment.physical ?? segment.virtual, true);
    view.setBigUint64(header + programHeader.fileBytes, BigInt(segment.contents.length), true);
    view.setBigUint64(
      header + programHeader.memoryBytes,
      segment.memoryBytes ?? BigInt(segment.contents.length),
      true,
    );
    image.set(segment.contents, contentsOffset);
    contentsOffset += segment.contents.length;
  }

  let nameOffset = 1;
  for (const [index, symbol] of symbols.entries()) {
    const base = symbolsOffset + index * 24;
    view.setUint32(base, nameOffset, true);
    view.setUint8(base + 4, symbol.info ?? 0x12);
    view.setUint16(base + 6, symbol.section ?? 1, true);
    view.setBigUint64(base + 8, symbol.address, true);
    view.setBigUint64(base + 16, symbol.bytes ?? 0n, true);
    nameOffset += names[index]?.length ?? 0;
  }
  image.set(strings, stringsOffset);

  const section = (index: number, type: number, offset: number, bytes: number, link: number) => {
    const base = sectionsOffset + index * 64;
    view.setUint32(base + 4, type, true);
    view.setBigUint64(base + 24, BigInt(offset), true);
    view.setBigUint64(base + 32, BigInt(bytes), true);
    view.setUint32(base + 40, link, true);
  };
  section(1, 1, segmentsOffset, 0, 0);
  view.setBigUint64(sectionsOffset + 64 + 16, text?.address ?? entry, true);
  view.setBigUint64(sectionsOffset + 64 + 32, text?.bytes ?? 0n, true);
  section(2, 2, symbolsOffset, symbols.length * 24, 3);
  section(3, 3, stringsOffset, strings.length, 0);
  return image;
}
