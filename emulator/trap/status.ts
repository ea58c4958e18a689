/** Bit positions in mstatus (privileged 3.1.6). */
export const Status = {
  SIE: 1,
  MIE: 3,
  SPIE: 5,
  MPIE: 7,
  SPP: 8,
  MPP: 11,
  FS: 13,
  MPRV: 17,
  SUM: 18,
  MXR: 19,
  TVM: 20,
  TW: 21,
  TSR: 22,
} as const;

/** The mask of a one-bit field. */
export const flag = (bit: number): bigint => 1n << BigInt(bit);
