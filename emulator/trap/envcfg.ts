/** Bit positions in menvcfg and senvcfg (privileged 3.1.18, 4.1.10; cache-management specification, 2.4). */
export const EnvironmentBit = {
  FIOM: 0,
  /** Two bits: cbo.inval is illegal (0), acts as cbo.flush (1) or as itself (3). */
  CBIE: 4,
  CBCFE: 6,
  CBZE: 7,
  ADUE: 61,
  PBMTE: 62,
  STCE: 63,
} as const;
