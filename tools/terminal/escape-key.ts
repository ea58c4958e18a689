/** The key that turns from the guest to the machine: what follows Ctrl-A is a command, everything else the guest's. */

export type TypedItem =
  | { readonly kind: "text"; readonly bytes: Uint8Array }
  | { readonly kind: "command"; readonly key: string };

const controlA = 0x01;

/** Splits what is typed. A command's two bytes may arrive in different pieces. */
export class EscapeKey {
  #pending = false;

  /** True between Ctrl-A and what follows it. */
  get pending(): boolean {
    return this.#pending;
  }

  /** Ctrl-A twice is a single Ctrl-A for the guest. */
  split(typed: Uint8Array): TypedItem[] {
    const items: TypedItem[] = [];
    let start = 0;
    const flush = (end: number) => {
      if (end > start) items.push({ kind: "text", bytes: typed.slice(start, end) });
    };
    typed.forEach((byte, index) => {
      if (this.#pending) {
        this.#pending = false;
        start = index + 1;
        if (byte === controlA) start = index;
        else items.push({ kind: "command", key: String.fromCharCode(byte).toLowerCase() });
      } else if (byte === controlA) {
        flush(index);
        start = index + 1;
        this.#pending = true;
      }
    });
    flush(typed.length);
    return items;
  }
}
