import { ImageError } from "./image-error.ts";

/** What the header of a RISC-V Linux `Image` says (Linux, Documentation/arch/riscv/boot-image-header.rst). */
export interface LinuxImage {
  /** Where the kernel wants to stand, in bytes from the start of RAM. */
  readonly textOffset: number;
  /** Memory it occupies from its load address on, zero-initialised data included. */
  readonly memoryBytes: number;
}

const headerBytes = 64;
const magicOffset = 56;
const magicRiscv = 0x05435352;
const magicArm64 = 0x644d5241;
const flagBigEndian = 1n;

/**
 * Reads the header of a Linux `Image`; undefined when the bytes are none. Throws ImageError, with `name` for the
 * image, on one that this machine cannot start.
 */
export function parseLinuxImage(image: Uint8Array, name: string): LinuxImage | undefined {
  if (image.length < headerBytes) return undefined;
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const magic = view.getUint32(magicOffset, true);
  if (magic === magicArm64) {
    throw new ImageError(name, "a Linux kernel for 64-bit ARM", "give one built for riscv64");
  }
  if (magic !== magicRiscv) return undefined;
  if ((view.getBigUint64(24, true) & flagBigEndian) !== 0n) {
    throw new ImageError(name, "a big-endian Linux kernel", "give one built for little-endian riscv64");
  }
  const textOffset = view.getBigUint64(8, true);
  const memoryBytes = view.getBigUint64(16, true);
  if (textOffset >= 1n << 48n || memoryBytes >= 1n << 48n) {
    throw new ImageError(
      name,
      `a Linux kernel whose header claims ${memoryBytes} bytes at offset ${textOffset}`,
      "the file is damaged; build or fetch it again",
    );
  }
  const needed = portableExecutableBytes(view);
  if (image.length < needed) {
    throw new ImageError(
      name,
      `the Linux kernel is truncated: its sections end at byte ${needed}, the file has ${image.length} bytes`,
      "build or fetch it again",
    );
  }
  return {
    textOffset: Number(textOffset),
    // A signature may follow the kernel in its file; it is loaded too.
    memoryBytes: Math.max(Number(memoryBytes), image.length),
  };
}

/**
 * Bytes of file that the sections of the PE/COFF header take, which a kernel with an EFI stub carries within the same
 * image: the only statement of its length. 0 without one.
 */
function portableExecutableBytes(image: DataView): number {
  const header = image.getUint32(60, true);
  if (header + 24 > image.byteLength || image.getUint32(header, true) !== 0x4550) return 0;
  const sections = image.getUint16(header + 6, true);
  const table = header + 24 + image.getUint16(header + 20, true);
  const tableEnd = table + sections * 40;
  let needed = tableEnd;
  for (let section = table; section + 40 <= Math.min(tableEnd, image.byteLength); section += 40) {
    const end = image.getUint32(section + 20, true) + image.getUint32(section + 16, true);
    needed = Math.max(needed, end);
  }
  return needed;
}
