import type { AccessBytes, Device, InterruptEdge, InterruptLine } from "./device.ts";

/** The external-interrupt lines of the harts. Called only when a line changes. */
export type ExternalInterrupt = (hart: number, mode: "M" | "S", level: boolean) => void;

const priorityMask = 7;
const pendingBase = 0x1000;
const enableBase = 0x2000;
const enableStride = 0x80;
const contextBase = 0x20_0000;
const contextStride = 0x1000;
const modes = ["M", "S"] as const;

/** What one hart in one mode wants to hear of, and what it is told. */
class Context {
  readonly hart: number;
  readonly mode: "M" | "S";
  /** One bit per source. */
  readonly enabled: Uint32Array;
  threshold = 0;
  level = false;

  constructor(hart: number, mode: "M" | "S", words: number) {
    this.hart = hart;
    this.mode = mode;
    this.enabled = new Uint32Array(words);
  }
}

/**
 * Platform-level interrupt controller (RISC-V PLIC specification 1.0.0) with `virt`'s contexts: hart h in M-mode is
 * 2h, in S-mode 2h + 1. A source's gateway takes a level, edges, or both. Registers are 32 bits wide; narrower
 * accesses read zero and are ignored.
 */
export class Plic implements Device {
  readonly name = "plic";
  readonly #sources: number;
  readonly #output: ExternalInterrupt;
  readonly #contexts: readonly Context[];
  /** The rest is indexed by source, of which 0 does not exist, or has one bit per source. */
  readonly #priority: Uint8Array;
  readonly #lines: Uint32Array;
  readonly #pending: Uint32Array;
  /** Requests taken by the core and not completed: their gateways are closed. */
  readonly #forwarded: Uint32Array;
  /** Edges that came while the gateway was closed. */
  readonly #waiting: Uint32Array;

  /** `sources` are numbered from 1. */
  constructor(sources: number, harts: number, output: ExternalInterrupt) {
    const words = (sources + 32) >>> 5;
    this.#sources = sources;
    this.#output = output;
    this.#contexts = Array.from({ length: harts }, (_, hart) =>
      modes.map((mode) => new Context(hart, mode, words)),
    ).flat();
    this.#priority = new Uint8Array(sources + 1);
    this.#lines = new Uint32Array(words);
    this.#pending = new Uint32Array(words);
    this.#forwarded = new Uint32Array(words);
    this.#waiting = new Uint32Array(words);
  }

  /** The line of source `source`, for its device to drive. */
  line(source: number): InterruptLine {
    this.#checkSource(source);
    return (level) => {
      if (!level) {
        // A request once forwarded stays pending although the line falls (PLIC specification, "Interrupt Gateways").
        clear(this.#lines, source);
        return;
      }
      set(this.#lines, source);
      this.#forward(source);
      this.#updateAll();
    };
  }

  /** Edges of source `source`, one a call. Of those that come while one is in service, one is remembered. */
  edge(source: number): InterruptEdge {
    this.#checkSource(source);
    return () => {
      const inService = has(this.#forwarded, source) && !has(this.#pending, source);
      if (inService) set(this.#waiting, source);
      else this.#forward(source);
      this.#updateAll();
    };
  }

  #checkSource(source: number): void {
    if (source < 1 || source > this.#sources) throw new Error(`the PLIC has no source ${source}`);
  }

  read(offset: number, bytes: AccessBytes): number {
    if (bytes !== 4) return 0;
    if (offset >= contextBase) {
      const context = this.#contexts[Math.floor((offset - contextBase) / contextStride)];
      if (context === undefined) return 0;
      switch ((offset - contextBase) % contextStride) {
        case 0:
          return context.threshold;
        case 4:
          return this.#claim(context);
        default:
          return 0;
      }
    }
    if (offset >= enableBase)
      return this.#enabledAt(offset)?.[((offset - enableBase) % enableStride) >> 2] ?? 0;
    if (offset >= pendingBase) return this.#pending[(offset - pendingBase) >> 2] ?? 0;
    return this.#priority[offset >> 2] ?? 0;
  }

  write(offset: number, bytes: AccessBytes, value: number): void {
    if (bytes !== 4) return;
    if (offset >= contextBase) {
      const context = this.#contexts[Math.floor((offset - contextBase) / contextStride)];
      if (context === undefined) return;
      switch ((offset - contextBase) % contextStride) {
        case 0:
          context.threshold = value & priorityMask;
          this.#update(context);
          break;
        case 4:
          this.#complete(context, value);
          break;
      }
    } else if (offset >= enableBase) {
      const enabled = this.#enabledAt(offset);
      const word = ((offset - enableBase) % enableStride) >> 2;
      if (enabled === undefined || word >= enabled.length) return;
      enabled[word] = value & this.#existing(word);
      this.#updateAll();
    } else if (offset < pendingBase) {
      const source = offset >> 2;
      if (source === 0 || source > this.#sources) return;
      this.#priority[source] = value & priorityMask;
      this.#updateAll();
    }
  }

  #enabledAt(offset: number): Uint32Array | undefined {
    return this.#contexts[Math.floor((offset - enableBase) / enableStride)]?.enabled;
  }

  /** The bits of a word that stand for sources there are. */
  #existing(word: number): number {
    const beyond = this.#sources + 1 - word * 32;
    const low = beyond >= 32 ? 0xffff_ffff : (1 << beyond) - 1;
    return word === 0 ? low & ~1 : low;
  }

  /** The gateway lets one request through, and the next only after the first is completed. */
  #forward(source: number): void {
    if (has(this.#forwarded, source)) return;
    set(this.#forwarded, source);
    set(this.#pending, source);
  }

  /** The threshold has no say in a claim (PLIC specification, "Interrupt Claim Process"). */
  #claim(context: Context): number {
    const source = this.#best(context);
    if (source === 0) return 0;
    clear(this.#pending, source);
    this.#updateAll();
    return source;
  }

  /** Ignored for a source that the context has not enabled (PLIC specification, "Interrupt Completion"). */
  #complete(context: Context, source: number): void {
    if (source > this.#sources || !has(context.enabled, source)) return;
    // Completing what nobody claimed must not drop or double the request that is still pending.
    if (has(this.#pending, source)) return;
    clear(this.#forwarded, source);
    if (has(this.#lines, source) || has(this.#waiting, source)) this.#forward(source);
    clear(this.#waiting, source);
    this.#updateAll();
  }

  /** The pending enabled source of the highest priority above 0, the lowest number among equals; 0 if there is none. */
  #best(context: Context): number {
    let best = 0;
    let bestPriority = 0;
    for (let word = 0; word < this.#pending.length; word++) {
      let candidates = (this.#pending[word] ?? 0) & (context.enabled[word] ?? 0);
      while (candidates !== 0) {
        const bit = 31 - Math.clz32(candidates & -candidates);
        candidates &= candidates - 1;
        const source = word * 32 + bit;
        const priority = this.#priority[source] ?? 0;
        if (priority > bestPriority) {
          best = source;
          bestPriority = priority;
        }
      }
    }
    return best;
  }

  #updateAll(): void {
    for (const context of this.#contexts) this.#update(context);
  }

  #update(context: Context): void {
    const level = (this.#priority[this.#best(context)] ?? 0) > context.threshold;
    if (level === context.level) return;
    context.level = level;
    this.#output(context.hart, context.mode, level);
  }
}

function has(bits: Uint32Array, index: number): boolean {
  return ((bits[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0;
}

function set(bits: Uint32Array, index: number): void {
  bits[index >>> 5] = (bits[index >>> 5] ?? 0) | (1 << (index & 31));
}

function clear(bits: Uint32Array, index: number): void {
  bits[index >>> 5] = (bits[index >>> 5] ?? 0) & ~(1 << (index & 31));
}
