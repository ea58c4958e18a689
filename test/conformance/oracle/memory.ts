/** What loads and stores move (RV64I, Load and Store Instructions; F, D and Zfh, Load and Store Instructions). */

export interface MemoryAccess {
  readonly kind: "load" | "store";
  readonly bytes: 1 | 2 | 4 | 8;
  /** The register file of what is moved. */
  readonly file: "x" | "f";
  readonly because: string;
  /** What a register holds after these bytes have been loaded, given as an unsigned number. */
  readonly loaded: (value: bigint) => bigint;
}

const signExtended = (bytes: number) => (value: bigint) =>
  BigInt.asUintN(64, BigInt.asIntN(8 * bytes, value));
const zeroExtended = (value: bigint) => value;
const boxed = (bytes: number) => (value: bigint) =>
  value | (((1n << 64n) - 1n) ^ ((1n << BigInt(8 * bytes)) - 1n));

type Bytes = MemoryAccess["bytes"];
const integerLoads = "RV64I, Load and Store Instructions";
const load = (bytes: Bytes, extension: "sign" | "zero"): MemoryAccess => ({
  kind: "load",
  bytes,
  file: "x",
  because: `${integerLoads}: loads ${8 * bytes} bits, ${extension}-extended`,
  loaded: extension === "sign" ? signExtended(bytes) : zeroExtended,
});
const store = (bytes: Bytes): MemoryAccess => ({
  kind: "store",
  bytes,
  file: "x",
  because: `${integerLoads}: stores the low ${8 * bytes} bits`,
  loaded: zeroExtended,
});
const floatLoad = (bytes: Bytes): MemoryAccess => ({
  kind: "load",
  bytes,
  file: "f",
  because: `D, NaN Boxing of Narrower Values: ${8 * bytes} bits are loaded as they are, and ones above them`,
  loaded: boxed(bytes),
});
const floatStore = (bytes: Bytes): MemoryAccess => ({
  kind: "store",
  bytes,
  file: "f",
  because: `D, NaN Boxing of Narrower Values: the low ${8 * bytes} bits are stored as they are, boxed or not`,
  loaded: zeroExtended,
});

/** Every load and store, by its name. */
export const accesses: ReadonlyMap<string, MemoryAccess> = new Map([
  ["lb", load(1, "sign")],
  ["lh", load(2, "sign")],
  ["lw", load(4, "sign")],
  ["ld", load(8, "sign")],
  ["lbu", load(1, "zero")],
  ["lhu", load(2, "zero")],
  ["lwu", load(4, "zero")],
  ["sb", store(1)],
  ["sh", store(2)],
  ["sw", store(4)],
  ["sd", store(8)],
  ["flh", floatLoad(2)],
  ["flw", floatLoad(4)],
  ["fld", floatLoad(8)],
  ["fsh", floatStore(2)],
  ["fsw", floatStore(4)],
  ["fsd", floatStore(8)],
]);
