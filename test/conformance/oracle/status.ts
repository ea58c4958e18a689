/** mstatus as the manual lays it out (privileged 3.1.6), packed and unpacked. */
import type { PrivilegeMode } from "../../../emulator/board/machine.ts";

/** Fields of mstatus by name; what is not named is zero. */
export interface Status {
  readonly SIE?: number;
  readonly MIE?: number;
  readonly SPIE?: number;
  readonly MPIE?: number;
  readonly SPP?: number;
  readonly MPP?: number;
  readonly FS?: number;
  readonly MPRV?: number;
  readonly SUM?: number;
  readonly MXR?: number;
  readonly TVM?: number;
  readonly TW?: number;
  readonly TSR?: number;
}

const places: readonly (readonly [keyof Status, number])[] = [
  ["SIE", 1],
  ["MIE", 3],
  ["SPIE", 5],
  ["MPIE", 7],
  ["SPP", 8],
  ["MPP", 11],
  ["FS", 13],
  ["MPRV", 17],
  ["SUM", 18],
  ["MXR", 19],
  ["TVM", 20],
  ["TW", 21],
  ["TSR", 22],
];

/** Registers of 64 bits in S- and U-mode: SXL = UXL = 2. */
const LENGTHS = (2n << 34n) | (2n << 32n);

/** The register's value; SD says that FS is dirty. */
export function mstatus(status: Status): bigint {
  const value = places.reduce(
    (sum, [name, low]) => sum | (BigInt(status[name] ?? 0) << BigInt(low)),
    LENGTHS,
  );
  return status.FS === 3 ? value | (1n << 63n) : value;
}

/** The fields with a value other than zero, for a case's name. */
export const statusName = (status: Status): string =>
  places.flatMap(([name]) => (status[name] ? [`${name}=${status[name]}`] : [])).join(" ");

/** As mstatus.MPP and, for S and U, mstatus.SPP hold a mode. */
export const modeNumber: Readonly<Record<PrivilegeMode, number>> = { U: 0, S: 1, M: 3 };
