/** A board with the kernel on it, ours or QEMU's, driven through its serial console as a person would. */

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../tools/guest/root.ts";

const QEMU = "qemu-system-riscv64";
const TRAPFRAME = join(ROOT, ".build/js/tools/cli.js");

/** How long one expected text may take; generous, because the host may be busy. */
const PATIENCE_MILLISECONDS = 60_000;

export const qemuIsInstalled = spawnSync(QEMU, ["--version"]).error === undefined;

export class Board {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | null>;
  /** What the board said and nobody has looked for yet. */
  #unread = "";
  #hasEnded = false;
  #changed: () => void = () => {};

  /** Runs a command that emulates a board with its console on stdin and stdout. */
  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args);
    const hear = (chunk: Buffer): void => {
      this.#unread += chunk.toString();
      this.#changed();
    };
    this.#child.stdout.on("data", hear);
    this.#child.stderr.on("data", hear);
    this.#ended = new Promise((resolve) => {
      this.#child.on("close", (status) => {
        this.#hasEnded = true;
        this.#changed();
        resolve(status);
      });
    });
  }

  /** Waits until the board says `text`. Returns what it said before that; what it says later stays unread. */
  async expect(text: string): Promise<string> {
    const deadline = Date.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      const at = this.#unread.indexOf(text);
      if (at >= 0) {
        const before = this.#unread.slice(0, at);
        this.#unread = this.#unread.slice(at + text.length);
        return before.replaceAll("\r\n", "\n");
      }
      const remaining = deadline - Date.now();
      if (this.#hasEnded || remaining <= 0) {
        const why = this.#hasEnded ? "the board has ended" : "it did not in time";
        throw new Error(`expected the board to say "${text}", but ${why}; it said:\n${this.#unread}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, remaining);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** The emulator's exit status, once the board has switched itself off. */
  status(): Promise<number | null> {
    return this.#ended;
  }

  /** Ends the emulator if it has not ended. */
  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

/** Boots QEMU's `virt` board. */
export function bootQemu(options: readonly string[]): Board {
  return new Board(QEMU, ["-machine", "virt", "-nographic", "-monitor", "none", ...options]);
}

/** Boots our machine. */
export function bootTrapframe(options: readonly string[]): Board {
  return new Board(process.execPath, [TRAPFRAME, "run", ...options]);
}
