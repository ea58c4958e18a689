/** A machine run without a screen: its console on stdin and stdout, or led through a script. */
import { once } from "node:events";
import type { Machine } from "../../emulator/board/machine.ts";
import { describeStuck, hex64 } from "../host/describe-trap.ts";
import { exitStatus } from "../host/exit-status.ts";
import { type Ending, HostLoop } from "../host/host-loop.ts";
import type { MachineBuilder } from "../host/machine-builder.ts";
import type { Effort } from "../host/statistics.ts";
import { EscapeKey } from "./escape-key.ts";
import { enterRawMode } from "./restoration.ts";
import { Script, type ScriptStep } from "./script.ts";
import { onEndingSignal } from "./signals.ts";

export interface HeadlessOptions {
  readonly steps: readonly ScriptStep[];
  readonly instructionLimit: number | undefined;
  readonly timeoutSeconds: number | undefined;
  /** Start again when the guest asks for a reboot; otherwise end with status 0. */
  readonly reboot: boolean;
  /** Aborted when the power fails. */
  readonly powerLoss?: AbortSignal | undefined;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly errors: NodeJS.WriteStream;
}

/** How it ended: with this exit status, and a message where the status alone does not say enough. */
export interface Outcome {
  readonly status: number;
  readonly message?: string;
}

const escapeHelp = `
Ctrl-A x       quit
Ctrl-A r       reset the machine
Ctrl-A i       where the harts are
Ctrl-A Ctrl-A  send Ctrl-A to the guest
Ctrl-A h       this help
`;
/** Console output held back within a turn; more is written at once. */
const mostHeldBytes = 1 << 16;
const lineFeed = 0x0a;

export class Headless {
  readonly #options: HeadlessOptions;
  readonly #builder: MachineBuilder;
  readonly #loop: HostLoop;
  readonly #script: Script;
  readonly #escape = new EscapeKey();
  readonly #interactive: boolean;
  readonly #undo: (() => void)[] = [];
  readonly #began = performance.now();
  #machine: Machine | undefined;
  #inputOpen = true;
  #resetAsked = false;
  #decided: Outcome | undefined;
  #announceEnd: () => void = () => {};
  readonly #end = new Promise<void>((resolve) => {
    this.#announceEnd = resolve;
  });
  /** What came from a pipe since the last boundary. */
  readonly #undelivered: Uint8Array[] = [];
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #lastByte = lineFeed;
  #reboots = 0;

  constructor(builder: MachineBuilder, options: HeadlessOptions) {
    this.#builder = builder;
    this.#options = options;
    this.#script = new Script(options.steps);
    this.#interactive = options.input.isTTY === true;
    this.#loop = new HostLoop({
      realTime: this.#interactive && options.steps.length === 0,
      inputPossible: () => this.#inputOpen,
      onBoundary: () => {
        this.#deliver();
        this.#followScript();
      },
      onTurn: () => this.#flushInTurn(),
      ...(options.instructionLimit !== undefined && { instructionLimit: options.instructionLimit }),
    });
  }

  /** Runs the machine to its end, puts the terminal back, and answers how it ended. Throws what building it throws. */
  async run(): Promise<Outcome> {
    this.#undo.push(onEndingSignal((status) => this.#decide({ status })));
    try {
      this.#machine = await this.#builder.build({ onConsole: (bytes) => this.#print(bytes) });
      this.#listen();
      this.#limitTime();
      this.#awaitPowerLoss();
      return await this.#live();
    } finally {
      this.#flush();
      this.#builder.flushDisks();
      for (const undo of this.#undo.reverse()) undo();
    }
  }

  /** The machine in its last life; undefined before it is built. */
  get machine(): Machine | undefined {
    return this.#machine;
  }

  /** Whether the guest's last line lacks its end. */
  get midLine(): boolean {
    return this.#lastByte !== lineFeed;
  }

  get effort(): Effort {
    return {
      instructions: this.#loop.instructions,
      seconds: (performance.now() - this.#began) / 1000,
      busySeconds: this.#loop.busyMilliseconds / 1000,
      translatingSeconds: this.#builder.translatingMilliseconds / 1000,
      reboots: this.#reboots,
    };
  }

  async #live(): Promise<Outcome> {
    for (;;) {
      if (this.#decided) return this.#decided;
      const machine = this.#machine;
      if (machine === undefined) throw new Error("the machine is run before it is built");
      const ending = await this.#loop.run(machine);
      this.#followScript();
      if (this.#resetAsked || (ending.reason === "reboot" && this.#options.reboot)) {
        this.#resetAsked = false;
        this.#reboots++;
        this.#machine = await this.#builder.rebuild(machine);
      } else {
        return this.#decided ?? this.#judge(ending);
      }
    }
  }

  #judge(ending: Ending): Outcome {
    const waitingFor = this.#script.waitingFor;
    const unseen = waitingFor === undefined ? "" : `, still waiting for /${waitingFor}/`;
    switch (ending.reason) {
      case "limit":
        return { status: exitStatus.limit, message: `the instruction limit was reached${unseen}` };
      case "stuck":
        return { status: exitStatus.stuck, message: describeStuck(ending.trap) };
      case "asleep":
        return {
          status: exitStatus.asleep,
          message: `every hart waits for an interrupt, and nothing is left that could raise one${unseen}`,
        };
      default: {
        if (waitingFor !== undefined) {
          return { status: exitStatus.notSeen, message: `the guest ended without showing /${waitingFor}/` };
        }
        return { status: ending.reason === "power-off" ? ending.status : 0 };
      }
    }
  }

  #decide(outcome: Outcome): void {
    this.#decided ??= outcome;
    this.#announceEnd();
    this.#loop.pause();
  }

  #listen(): void {
    const { input } = this.#options;
    if (this.#interactive) this.#undo.push(enterRawMode(input));
    const onData = (typed: Uint8Array) => this.#type(typed);
    const onEnd = () => {
      this.#inputOpen = false;
      this.#loop.wake();
    };
    input.on("data", onData).on("end", onEnd).on("error", onEnd);
    this.#undo.push(() => {
      input.off("data", onData).off("end", onEnd).off("error", onEnd);
      input.pause();
    });
  }

  #limitTime(): void {
    const seconds = this.#options.timeoutSeconds;
    if (seconds === undefined) return;
    const timer = setTimeout(() => {
      const waitingFor = this.#script.waitingFor;
      const unseen = waitingFor === undefined ? "" : `, still waiting for /${waitingFor}/`;
      this.#decide({ status: exitStatus.limit, message: `${seconds} seconds are over${unseen}` });
    }, seconds * 1000);
    this.#undo.push(() => clearTimeout(timer));
  }

  #awaitPowerLoss(): void {
    const outcome = { status: exitStatus.powerLoss, message: "the power failed" };
    this.#options.powerLoss?.addEventListener("abort", () => this.#decide(outcome));
  }

  #type(typed: Uint8Array): void {
    if (!this.#interactive) {
      // Before its firmware has set up the serial port, the guest would lose it.
      this.#undelivered.push(typed);
    } else {
      for (const item of this.#escape.split(typed)) {
        if (item.kind === "text") this.#machine?.typeConsole(item.bytes);
        else this.#obey(item.key);
      }
    }
    this.#loop.wake();
  }

  #obey(key: string): void {
    if (key === "x") this.#decide({ status: 0 });
    else if (key === "r") {
      this.#resetAsked = true;
      this.#loop.pause();
    } else if (key === "i") this.#say(this.#describeHarts());
    else if (key === "h" || key === "?") this.#say(escapeHelp);
  }

  #describeHarts(): string {
    const lines = this.#machine?.harts.map(
      ({ index, mode, pc, waiting, instructions }) =>
        `hart ${index}: ${mode}-mode, pc ${hex64(pc)}, ${instructions} instructions${waiting ? ", waiting" : ""}\n`,
    );
    return `\n${lines?.join("") ?? ""}`;
  }

  /** Writes a message below the guest's output; in raw mode a line feed alone does not return the carriage. */
  #say(text: string): void {
    this.#flush();
    this.#options.errors.write(text.replaceAll("\n", "\r\n"));
  }

  #deliver(): void {
    for (const bytes of this.#undelivered.splice(0)) {
      this.#machine?.typeConsole(bytes);
      this.#loop.wake();
    }
  }

  #followScript(): void {
    for (const bytes of this.#script.advance()) {
      this.#machine?.typeConsole(bytes);
      this.#loop.wake();
    }
  }

  #print(bytes: Uint8Array): void {
    // The slice in which the power fails still runs to its end.
    if (this.#options.powerLoss?.aborted) return;
    this.#script.feed(bytes);
    this.#held.push(bytes.slice());
    this.#lastByte = bytes.at(-1) ?? this.#lastByte;
    this.#heldBytes += bytes.length;
    if (this.#heldBytes >= mostHeldBytes) this.#flush();
  }

  /** False when the reader is behind. */
  #flush(): boolean {
    if (this.#heldBytes === 0) return true;
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return this.#options.output.write(bytes);
  }

  /** A guest whose reader is behind waits for it, unless all is to end. */
  async #flushInTurn(): Promise<void> {
    if (!this.#flush()) await Promise.race([once(this.#options.output, "drain"), this.#end]);
  }
}
