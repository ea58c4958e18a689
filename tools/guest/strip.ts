/** Makes ELF files small enough to carry along: what a loader reads stays, what only a debugger reads goes. */

const PROGRAM_HEADER_BYTES = 56;

/** Where the fields of an ELF64 header are (ELF-64 Object File Format 1.5, figures 2 and 6). */
const HEADER = {
  programHeaders: 32,
  sectionHeaders: 40,
  programHeaderCount: 56,
  sectionHeaderCount: 60,
} as const;
const SEGMENT = { type: 0, offset: 8, fileSize: 32 } as const;
const TYPE_LOAD = 1;

/**
 * A copy of the riscv64 program `elf` up to the end of its last loaded segment, without the symbols, debug information
 * and section headers behind that.
 */
export function stripProgram(elf: Uint8Array): Uint8Array {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const table = Number(view.getBigUint64(HEADER.programHeaders, true));
  const count = view.getUint16(HEADER.programHeaderCount, true);
  let end = table + count * PROGRAM_HEADER_BYTES;
  for (let header = table; header < table + count * PROGRAM_HEADER_BYTES; header += PROGRAM_HEADER_BYTES) {
    if (view.getUint32(header + SEGMENT.type, true) !== TYPE_LOAD) continue;
    const offset = Number(view.getBigUint64(header + SEGMENT.offset, true));
    const size = Number(view.getBigUint64(header + SEGMENT.fileSize, true));
    end = Math.max(end, offset + size);
  }
  const stripped = elf.slice(0, end);
  const header = new DataView(stripped.buffer);
  header.setBigUint64(HEADER.sectionHeaders, 0n, true);
  header.setUint32(HEADER.sectionHeaderCount, 0, true); // e_shnum and, behind it, e_shstrndx
  return stripped;
}
