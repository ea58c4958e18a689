/** The screen: rectangles of coloured rows, drawn by blessed, which sends only what changed. */
import { PassThrough } from "node:stream";
import blessed from "blessed";
import { mouseOff, mouseOn } from "../terminal/keyboard.ts";
import { enterRawMode, restoreLater } from "../terminal/restoration.ts";
import type { Rectangle } from "./layout.ts";

export interface DisplayOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly title: string;
  onResize(): void;
}

export class Display {
  readonly #output: NodeJS.WriteStream;
  readonly #screen: blessed.Widgets.Screen;
  readonly #boxes = new Map<string, blessed.Widgets.BoxElement>();
  readonly #restore: () => void;
  #unshown = new Set<string>();

  /** Takes the terminal over until `close`, or until the process exits. */
  constructor({ input, output, title, onResize }: DisplayOptions) {
    this.#output = output;
    this.#screen = blessed.screen({
      // Keys and mouse are read elsewhere: blessed would swallow what it does not know, which is the guest's.
      input: new PassThrough(),
      output,
      fullUnicode: true,
      // Our own marks are written as UTF-8 whatever the locale says.
      forceUnicode: true,
      smartCSR: false,
      title,
    });
    output.write(mouseOn);
    const restoreMode = enterRawMode(input);
    this.#screen.on("resize", onResize);
    const onContinue = () => this.#takeAgain();
    process.on("SIGCONT", onContinue);
    this.#restore = restoreLater(() => {
      process.off("SIGCONT", onContinue);
      output.write(mouseOff);
      this.#screen.destroy();
      restoreMode();
    });
  }

  get width(): number {
    return this.#output.columns;
  }

  get height(): number {
    return this.#output.rows;
  }

  /** Begins a picture: what is not shown before `flush` disappears. */
  begin(): void {
    this.#unshown = new Set(this.#boxes.keys());
  }

  /** Puts rows of exactly the rectangle's width into it. What is shown later lies above. */
  show(name: string, area: Rectangle, rows: readonly string[]): void {
    const box = this.#boxes.get(name) ?? this.#createBox(name);
    this.#unshown.delete(name);
    box.left = area.x;
    box.top = area.y;
    box.width = area.width;
    box.height = area.height;
    box.setContent(rows.slice(0, area.height).join("\n"));
    box.show();
  }

  flush(): void {
    for (const name of this.#unshown) this.#boxes.get(name)?.hide();
    this.#screen.render();
  }

  /** Gives the terminal back as it was. */
  close(): void {
    this.#restore();
  }

  #createBox(name: string): blessed.Widgets.BoxElement {
    // Rows fit exactly. Its declared options leave "wrap" out, without which it breaks those that end in a colour.
    const box = Object.assign(blessed.box({ parent: this.#screen }), { wrap: false });
    this.#boxes.set(name, box);
    return box;
  }

  /** After the process was stopped and continued, the shell's screen is there instead of ours. */
  #takeAgain(): void {
    this.#screen.program.alternateBuffer();
    this.#screen.program.hideCursor();
    this.#output.write(mouseOn);
    this.#screen.alloc();
    this.#screen.render();
  }
}
