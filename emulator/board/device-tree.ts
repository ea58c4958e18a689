/**
 * Flattened device trees as the Devicetree Specification 0.4 defines them: a property is its bytes, a node is its
 * properties and children, and a tree is encoded into one block that guests find in memory.
 */

export interface TreeNode {
  /** With the unit address, for example "serial@10000000"; the root's is empty. */
  readonly name: string;
  readonly properties: ReadonlyMap<string, Uint8Array>;
  readonly children: readonly TreeNode[];
}

/** A node; properties and children keep the order given. */
export function node(
  name: string,
  properties: Readonly<Record<string, Uint8Array>>,
  children: readonly TreeNode[] = [],
): TreeNode {
  return { name, properties: new Map(Object.entries(properties)), children };
}

/** A property without a value, true by being there. */
export const flag = new Uint8Array(0);

/** A property of 32-bit cells. */
export function cells(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value);
  return bytes;
}

/** A property of numbers of two cells each, as addresses and sizes are on a 64-bit board. */
export function doubleCells(...values: readonly number[]): Uint8Array {
  return cells(...values.flatMap((value) => [Math.floor(value / 2 ** 32), value % 2 ** 32]));
}

/** A property of one or more strings. Throws on a string with a NUL, which would end it early. */
export function text(...strings: readonly string[]): Uint8Array {
  const nul = strings.find((string) => string.includes("\0"));
  if (nul !== undefined) throw new Error(`device tree: ${JSON.stringify(nul)} contains a NUL character`);
  return new TextEncoder().encode(strings.map((string) => `${string}\0`).join(""));
}

const magic = 0xd00dfeed;
const version = 17;
const lastCompatibleVersion = 16;
const headerBytes = 40;
/** One entry of two zeros: no memory is reserved. */
const reservationBytes = 16;
const beginNode = 1;
const endNode = 2;
const property = 3;
const nop = 4;
const end = 9;

/** Encodes a tree (specification 0.4, chapter 5) for a machine that boots on hart 0. */
export function encodeDeviceTree(root: TreeNode): Uint8Array {
  const strings = new StringsBlock();
  const structure = new StructureBlock();
  structure.node(root, strings);
  structure.word(end);
  const structureOffset = headerBytes + reservationBytes;
  const stringsOffset = structureOffset + structure.bytes.length;
  const header = cells(
    magic,
    stringsOffset + strings.bytes.length,
    structureOffset,
    stringsOffset,
    headerBytes,
    version,
    lastCompatibleVersion,
    0,
    strings.bytes.length,
    structure.bytes.length,
  );
  const block = new Uint8Array(stringsOffset + strings.bytes.length);
  block.set(header);
  block.set(structure.bytes, structureOffset);
  block.set(strings.bytes, stringsOffset);
  return block;
}

/** Decodes a tree; the inverse of `encodeDeviceTree`. Throws on a block that is none. */
export function decodeDeviceTree(block: Uint8Array): TreeNode {
  return new StructureReader(block).root();
}

class StringsBlock {
  readonly bytes: number[] = [];
  readonly #offsets = new Map<string, number>();

  offsetOf(name: string): number {
    const known = this.#offsets.get(name);
    if (known !== undefined) return known;
    const offset = this.bytes.length;
    this.bytes.push(...text(name));
    this.#offsets.set(name, offset);
    return offset;
  }
}

class StructureBlock {
  readonly bytes: number[] = [];

  node(tree: TreeNode, strings: StringsBlock): void {
    this.word(beginNode);
    this.#padded(text(tree.name));
    for (const [name, value] of tree.properties) {
      this.word(property);
      this.word(value.length);
      this.word(strings.offsetOf(name));
      this.#padded(value);
    }
    for (const child of tree.children) this.node(child, strings);
    this.word(endNode);
  }

  word(value: number): void {
    this.bytes.push(...cells(value));
  }

  #padded(value: Uint8Array): void {
    for (const byte of value) this.bytes.push(byte);
    while (this.bytes.length % 4 !== 0) this.bytes.push(0);
  }
}

class StructureReader {
  readonly #block: Uint8Array;
  readonly #view: DataView;
  readonly #strings: number;
  #position: number;

  constructor(block: Uint8Array) {
    this.#block = block;
    this.#view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    if (block.length < headerBytes || this.#view.getUint32(0) !== magic) throw new Error("not a device tree");
    if (this.#view.getUint32(4) > block.length) throw new Error("the device tree is truncated");
    if (this.#view.getUint32(24) > version) throw new Error("the device tree is of a later version");
    this.#position = this.#view.getUint32(8);
    this.#strings = this.#view.getUint32(12);
  }

  root(): TreeNode {
    if (this.#token() !== beginNode) throw new Error("the device tree has no root");
    const root = this.#node();
    if (this.#token() !== end) throw new Error("the device tree goes on after its root");
    return root;
  }

  #node(): TreeNode {
    const name = this.#string(this.#position);
    this.#advance(name.length + 1);
    const properties = new Map<string, Uint8Array>();
    const children: TreeNode[] = [];
    for (;;) {
      switch (this.#token()) {
        case property: {
          const length = this.#word();
          const key = this.#string(this.#strings + this.#word());
          properties.set(key, this.#block.slice(this.#position, this.#position + length));
          this.#advance(length);
          break;
        }
        case beginNode:
          children.push(this.#node());
          break;
        case endNode:
          return { name, properties, children };
        default:
          throw new Error(`the device tree is damaged at byte ${this.#position - 4}`);
      }
    }
  }

  #token(): number {
    let token = this.#word();
    while (token === nop) token = this.#word();
    return token;
  }

  #word(): number {
    if (this.#position + 4 > this.#block.length) throw new Error("the device tree is truncated");
    const word = this.#view.getUint32(this.#position);
    this.#position += 4;
    return word;
  }

  #advance(bytes: number): void {
    this.#position = (this.#position + bytes + 3) & ~3;
  }

  #string(offset: number): string {
    const terminator = this.#block.indexOf(0, offset);
    if (terminator < 0) throw new Error("the device tree is truncated");
    return new TextDecoder().decode(this.#block.subarray(offset, terminator));
  }
}
