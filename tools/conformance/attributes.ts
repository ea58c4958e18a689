/** Which extensions a program was built for, as its section `.riscv.attributes` says (RISC-V ELF psABI, 8). */
import { extensions } from "../../emulator/board/cpu.ts";

const formatVersion = 0x41; // "A"
const vendor = "riscv";
const tagFile = 1;
const tagArch = 5;

/**
 * The text of Tag_RISCV_arch, such as "rv64i2p1_m2p0_zba1p0"; undefined where the section does not say. Damaged sections
 * say as much as can be read.
 */
export function architectureOf(section: Uint8Array): string | undefined {
  if (section[0] !== formatVersion) return undefined;
  const view = new DataView(section.buffer, section.byteOffset, section.byteLength);
  for (let at = 1; at + 4 <= section.length; ) {
    const length = view.getUint32(at, true);
    const part = new Reader(section.subarray(at + 4, at + length));
    if (part.string() === vendor) return architectureIn(part);
    if (length < 4) return undefined;
    at += length;
  }
  return undefined;
}

function architectureIn(part: Reader): string | undefined {
  while (!part.ended) {
    const start = part.position;
    const tag = part.number();
    const length = part.word();
    if (length === 0) return undefined;
    const attributes = part.until(start + length);
    if (tag !== tagFile) continue;
    while (!attributes.ended) {
      // An odd tag is followed by a string, an even one by a number.
      const attribute = attributes.number();
      if (attribute === tagArch) return attributes.string();
      if (attribute % 2 === 1) attributes.string();
      else attributes.number();
    }
  }
  return undefined;
}

/** The names in such a text that this machine can switch: "zba", "zbb". */
export function switchableExtensions(architecture: string): string[] {
  const names = architecture.toLowerCase().split("_").slice(1);
  return names.map((name) => name.replace(/\d+p\d+$/, "")).filter((name) => extensions.has(name));
}

/** Reads bytes in order; beyond the end there are zeros. */
class Reader {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.position >= this.#bytes.length;
  }

  /** ULEB128. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.position++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  word(): number {
    const bytes = this.#bytes.subarray(this.position, this.position + 4);
    this.position += 4;
    return bytes.reduce((word, byte, i) => word + byte * 256 ** i, 0);
  }

  string(): string {
    const end = this.#bytes.indexOf(0, this.position);
    const bytes = this.#bytes.subarray(this.position, end < 0 ? undefined : end);
    this.position += bytes.length + 1;
    return new TextDecoder().decode(bytes);
  }

  /** What comes before the byte at `end`, which is read next. */
  until(end: number): Reader {
    const part = new Reader(this.#bytes.subarray(this.position, end));
    this.position = Math.max(end, this.position);
    return part;
  }
}
