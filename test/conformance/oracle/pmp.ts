/** Physical memory protection as the manual tells it (privileged 3.7.1): the lowest entry that matches any byte decides. */

/** Bits of an entry's configuration. */
export const pmpBit = { R: 1, W: 2, X: 4, L: 0x80 } as const;
/** Values of its field A, at their place. */
export const pmpMatch = { OFF: 0, TOR: 8, NA4: 0x10, NAPOT: 0x18 } as const;

export interface PmpEntry {
  readonly config: number;
  /** As pmpaddr holds it: bits 55 to 2 of an address. */
  readonly address: bigint;
}

/** First byte, and the byte after the last, that an entry matches; undefined where it matches none. */
function pmpRange(entries: readonly PmpEntry[], index: number): readonly [bigint, bigint] | undefined {
  const entry = entries[index];
  if (entry === undefined) return undefined;
  const { config, address } = entry;
  switch (config & 0x18) {
    case pmpMatch.TOR: {
      const from = (entries[index - 1]?.address ?? 0n) * 4n;
      return from < address * 4n ? [from, address * 4n] : undefined;
    }
    case pmpMatch.NA4:
      return [address * 4n, address * 4n + 4n];
    case pmpMatch.NAPOT: {
      // Each trailing one doubles the size: yyy0 is 8 bytes, yy01 is 16.
      let [base, bytes] = [address, 8n];
      while (base & 1n) [base, bytes] = [base >> 1n, bytes * 2n];
      const from = (base >> 1n) * bytes;
      return [from, from + bytes];
    }
    default:
      return undefined;
  }
}

/** Whether an access, which needs one of R, W and X, is allowed to M-mode or a less privileged one. */
export function pmpAllows(
  entries: readonly PmpEntry[],
  address: bigint,
  bytes: number,
  right: number,
  machine: boolean,
): boolean {
  const end = address + BigInt(bytes);
  for (const [index, { config }] of entries.entries()) {
    const range = pmpRange(entries, index);
    if (range === undefined || end <= range[0] || range[1] <= address) continue;
    if (address < range[0] || range[1] < end) return false;
    return (machine && !(config & pmpBit.L)) || (config & right) !== 0;
  }
  return machine;
}

/** pmpaddr of a naturally aligned power of two, 8 bytes at least. */
export const napot = (from: bigint, bytes: bigint): bigint => (from + bytes / 2n - 1n) >> 2n;

/** Registers for entries, the first one 0; those not given are off. */
export function pmpRegisters(entries: readonly PmpEntry[]): Record<string, bigint> {
  const csrs: Record<string, bigint> = {};
  const configurations = [0n, 0n];
  entries.forEach(({ config, address }, index) => {
    csrs[`pmpaddr${index}`] = address;
    configurations[index >> 3] =
      (configurations[index >> 3] ?? 0n) | (BigInt(config) << BigInt(8 * (index & 7)));
  });
  // Addresses come first: a locked entry takes none.
  return { ...csrs, pmpcfg0: configurations[0] ?? 0n, pmpcfg2: configurations[1] ?? 0n };
}
