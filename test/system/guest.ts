/** Our whole system, booted in this process, with a user at its shell and programs that mean it no good. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BlockStore, Machine } from "../../emulator/index.ts";
import { buildProgram } from "../../tools/guest/build.ts";
import { buildImages, initrdWith } from "../../tools/guest/images.ts";
import { ROOT } from "../../tools/guest/root.ts";
import { stripProgram } from "../../tools/guest/strip.ts";

const FOLDER = "test/system/guest";
const PROMPT = "trapframe> ";
const SLICE = 1_000_000;

/** What a machine boots. */
export interface Images {
  readonly firmware: Uint8Array;
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array;
}

/** Our images, with the programs of `guest/` in /bin. */
export async function systemImages(): Promise<Images> {
  const { firmware, kernel } = await buildImages();
  const names = readdirSync(join(ROOT, FOLDER))
    .filter((name) => name.endsWith(".c"))
    .map((name) => name.slice(0, -2));
  const programs = await Promise.all(
    names.map(async (name) => {
      const path = await buildProgram({ name: `${FOLDER}/${name}`, sources: [`${FOLDER}/${name}.c`] });
      return { type: "file", path: `bin/${name}`, data: stripProgram(readFileSync(path)) } as const;
    }),
  );
  return {
    firmware: readFileSync(firmware),
    kernel: readFileSync(kernel),
    initrd: await initrdWith(programs),
  };
}

/** Of a machine to boot. */
export interface Settings {
  readonly harts?: number;
  readonly append?: string;
  readonly disk?: BlockStore;
  /** Asked after every slice: whether the power is still on. */
  powered?(): boolean;
}

/** The system, and who sits at its terminal. */
export class Guest {
  readonly #machine: Machine;
  readonly #settings: Settings;
  #said = "";

  private constructor(machine: Machine, settings: Settings) {
    this.#machine = machine;
    this.#settings = settings;
  }

  /** Boots to the shell's prompt, or until the power fails. */
  static async boot(images: Images, settings: Settings = {}): Promise<Guest> {
    const listener = { hear: (_: string) => {} };
    const machine = await Machine.create({
      ...images,
      harts: settings.harts ?? 1,
      append: settings.append ?? "",
      disks: settings.disk === undefined ? [] : [settings.disk],
      onConsole: (bytes) => listener.hear(Buffer.from(bytes).toString("latin1")),
    });
    const guest = new Guest(machine, settings);
    listener.hear = (text) => {
      if (settings.powered?.() !== false) guest.#said += text;
    };
    guest.await(PROMPT);
    return guest;
  }

  /** Everything the console has shown. */
  get said(): string {
    return this.#said;
  }

  /** Types a line; answers what is shown until the next prompt, at most so many million instructions later. */
  tell(line: string, millions = 3000): string {
    return this.await(PROMPT, this.type(line), millions);
  }

  /** Types a line; answers where on the console what follows begins. */
  type(line: string): number {
    const start = this.#said.length;
    this.#machine.typeConsole(new TextEncoder().encode(`${line}\r`));
    return start;
  }

  /** Runs until `text` is shown behind `start`, or the power fails; answers what is shown before it. */
  await(text: string, start = 0, millions = 3000): string {
    for (let slices = 0; slices < millions; slices++) {
      const stop = this.#machine.run(SLICE);
      const end = this.#said.indexOf(text, start);
      if (end >= 0) return this.#said.slice(start, end).replaceAll("\r", "");
      if (this.#settings.powered?.() === false) return this.#said.slice(start).replaceAll("\r", "");
      if (stop.reason === "idle") this.#machine.advance(stop.ticks ?? 10_000n);
      else if (stop.reason !== "limit") break;
    }
    throw new Error(`no "${text}" after:\n${this.#said.slice(-3000)}`);
  }

  /** Kibibytes in use, as `free` says. */
  usedMemory(): number {
    return Number(/^Memory: +\d+ +(\d+)/m.exec(this.tell("free"))?.[1]);
  }

  /** The process id that `ps` shows for a command. */
  processId(command: string): number {
    return Number(new RegExp(`^ *(\\d+) .* ${command}$`, "m").exec(this.tell("ps -w"))?.[1]);
  }
}
