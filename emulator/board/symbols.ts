/** A name for an address in a guest's program. All numbers are unsigned 64-bit. */
export interface ProgramSymbol {
  readonly name: string;
  readonly kind: "function" | "object" | "label";
  readonly address: bigint;
  /** Size of what it names; 0 when the program does not say. */
  readonly bytes: bigint;
  /** End of the section it stands in: how far a symbol without a size can reach. Undefined for a constant, which is no address. */
  readonly sectionEnd: bigint | undefined;
  readonly global: boolean;
}

/** A symbol and the distance of an address from it. */
export interface SymbolPlace {
  readonly symbol: ProgramSymbol;
  readonly offset: bigint;
}

/** Finds symbols by name and by address. */
export class SymbolTable {
  readonly all: readonly ProgramSymbol[];
  readonly #byAddress: readonly ProgramSymbol[];
  readonly #byName = new Map<string, ProgramSymbol>();

  /** Where two symbols have one name, the global one counts, then the first. */
  constructor(symbols: readonly ProgramSymbol[]) {
    this.all = symbols;
    this.#byAddress = symbols
      .filter((symbol) => symbol.sectionEnd !== undefined)
      .toSorted(byAddressThenMerit);
    for (const symbol of symbols) {
      const known = this.#byName.get(symbol.name);
      if (known === undefined || (symbol.global && !known.global)) this.#byName.set(symbol.name, symbol);
    }
  }

  named(name: string): ProgramSymbol | undefined {
    return this.#byName.get(name);
  }

  /**
   * The symbol an address belongs to: the nearest at or below it that reaches it. A symbol without a size reaches to
   * the next one or to the end of its section.
   */
  symbolAt(address: bigint): SymbolPlace | undefined {
    let low = 0;
    let high = this.#byAddress.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const symbol = this.#byAddress[middle];
      if (symbol !== undefined && symbol.address <= address) low = middle + 1;
      else high = middle;
    }
    const symbol = this.#byAddress[low - 1];
    if (symbol === undefined) return undefined;
    const offset = address - symbol.address;
    const reach = symbol.bytes > 0n ? symbol.bytes : (symbol.sectionEnd ?? 0n) - symbol.address;
    // A marker such as `_end` stands on its section's end: it names that address alone.
    return offset < reach || offset === 0n ? { symbol, offset } : undefined;
  }
}

/** Ascending; among symbols at one address the most telling last, which is where `symbolAt` looks. */
function byAddressThenMerit(a: ProgramSymbol, b: ProgramSymbol): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return merit(a) - merit(b);
}

function merit(symbol: ProgramSymbol): number {
  return (symbol.kind === "label" ? 0 : 4) + (symbol.bytes > 0n ? 2 : 0) + (symbol.global ? 1 : 0);
}
