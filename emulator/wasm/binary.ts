/** LEB128 and vectors of the WebAssembly binary format (core specification, chapter 5). */

/** Appends the unsigned LEB128 of a number below 2^32. */
export function appendUnsigned(bytes: number[], value: number): void {
  let rest = value >>> 0;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
}

/** Appends the signed LEB128 of a 64-bit value. */
export function appendSigned(bytes: number[], value: bigint): void {
  const short = Number(BigInt.asIntN(32, value));
  if (BigInt(short) === value) {
    appendSigned32(bytes, short);
    return;
  }
  let rest = BigInt.asIntN(64, value);
  for (; rest < -0x40n || rest > 0x3fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest & 0x7fn));
}

/** Appends the signed LEB128 of a 32-bit value. */
export function appendSigned32(bytes: number[], value: number): void {
  let rest = value | 0;
  for (; rest < -0x40 || rest > 0x3f; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest & 0x7f);
}

/** Unsigned LEB128 of a number below 2^32. */
export function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  appendUnsigned(bytes, value);
  return bytes;
}

/** A vector: the number of items, then the items. */
export function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsignedLeb(items.length), ...items.flat()];
}

/** A length-prefixed UTF-8 name. */
export function name(text: string): number[] {
  const bytes = [...text].map((c) => c.charCodeAt(0));
  return [...unsignedLeb(bytes.length), ...bytes];
}
