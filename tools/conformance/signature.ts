/** Signatures of architecture tests: what a program leaves between begin_signature and end_signature, as text and as bytes. */

/** A text that is no signature; the message says where. */
export class SignatureError extends Error {
  override readonly name = "SignatureError";
}

/** Words of a line: as RISCOF asks for, of 64 bits, and as Spike writes them unasked. */
const granularities = [4, 8, 16] as const;

export interface Signature {
  readonly bytes: Uint8Array;
  /** Bytes in a line of the text. */
  readonly granularity: 4 | 8 | 16;
}

/**
 * Reads lines of 8, 16 or 32 hexadecimal digits, each a little-endian word written with its most significant digit first.
 * Throws `SignatureError`.
 */
export function parseSignature(text: string): Signature {
  const lines = text
    .split("\n")
    .map((line, index) => ({ digits: line.trim().replace(/^0x/i, ""), number: index + 1 }))
    .filter(({ digits }) => digits !== "");
  const first = lines[0];
  if (first === undefined) throw new SignatureError("it is empty");
  const granularity = granularities.find((bytes) => first.digits.length === bytes * 2) ?? 4;
  const bytes = new Uint8Array(lines.length * granularity);
  for (const [index, { digits, number }] of lines.entries()) {
    if (digits.length !== granularity * 2 || !/^[0-9a-f]+$/i.test(digits)) {
      throw new SignatureError(
        `line ${number}, "${digits.slice(0, 40)}", is not ${granularity * 2} hexadecimal digits like the first`,
      );
    }
    bytes.set(Uint8Array.from(Buffer.from(digits, "hex")).reverse(), index * granularity);
  }
  return { bytes, granularity };
}

/** A word of a signature that is not as the reference says; undefined where one of both has none. */
export interface WordMismatch {
  readonly index: number;
  /** Bytes from the beginning of the signature. */
  readonly offset: number;
  readonly expected: string | undefined;
  readonly found: string | undefined;
}

/** Compares what a program left with the reference, word by word. A reference may leave out the padding at the end. */
export function compareSignatures(found: Uint8Array, { bytes, granularity }: Signature): WordMismatch[] {
  const mismatches: WordMismatch[] = [];
  const words = Math.ceil(Math.max(found.length, bytes.length) / granularity);
  for (let index = 0; index < words; index++) {
    const offset = index * granularity;
    const [expected, left] = [bytes, found].map((data) => wordAt(data, offset, granularity));
    if (expected === left || (expected === undefined && isPadding(found, offset))) continue;
    mismatches.push({ index, offset, expected, found: left });
  }
  return mismatches;
}

function wordAt(bytes: Uint8Array, offset: number, granularity: number): string | undefined {
  if (offset >= bytes.length) return undefined;
  const word = new Uint8Array(granularity);
  word.set(bytes.subarray(offset, offset + granularity));
  return Buffer.from(word.reverse()).toString("hex");
}

/** The signature's alignment to 16 bytes: fewer bytes than that, all zero. */
function isPadding(found: Uint8Array, offset: number): boolean {
  const rest = found.subarray(offset);
  return rest.length < 16 && rest.every((byte) => byte === 0);
}
