/** The terminal UI: turns what the user does into commands for the session, and the session into a picture. */
import { parseAddress } from "../code/address.ts";
import { readCount } from "../command/quantity.ts";
import type { MachineBuilder } from "../host/machine-builder.ts";
import type { Ingredients } from "../host/recipe.ts";
import { EscapeKey } from "../terminal/escape-key.ts";
import { type InputItem, Keyboard, type MouseItem } from "../terminal/keyboard.ts";
import { onEndingSignal } from "../terminal/signals.ts";
import { type Bar, helpLines, keyBar, statusLines, titleBar } from "./bars.ts";
import { type CommandName, commandOfKey, commandOfLetter } from "./command.ts";
import { Display } from "./display.ts";
import { GuestConsole } from "./guest-console.ts";
import { arrange, contains, type Layout, type Pane, type ViewName } from "./layout.ts";
import { type Line, type Look, line, lineWidth, look, renderLine, span } from "./line.ts";
import { Meter } from "./meter.ts";
import { Prompt } from "./prompt.ts";
import { Session } from "./session.ts";
import { takeSnapshot } from "./snapshot.ts";
import type { Scene, ViewContent } from "./view/view.ts";
import { views } from "./view/views.ts";

export interface ApplicationOptions extends Ingredients {
  readonly builder: MachineBuilder;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  /** Addresses at which it stops. */
  readonly breakpoints?: readonly bigint[];
  /** Stands still until it is told to go. */
  readonly paused?: boolean;
}

type Focus = "console" | ViewName;

const frameMilliseconds = 40;
/** Views of a running machine are redrawn this often: more could not be read. */
const viewMilliseconds = 200;
/** How long the rest of an escape sequence may take to arrive. */
const sequenceMilliseconds = 50;
const wheelRows = 3;
/** Columns at the left of a line of code in which a click means its breakpoint. */
const gutterColumns = 2;
const mostSteps = 1_000_000_000;

export class Application {
  readonly #options: ApplicationOptions;
  readonly #session: Session;
  readonly #console: GuestConsole;
  readonly #display: Display;
  readonly #meter = new Meter();
  readonly #keyboard = new Keyboard();
  readonly #escapeKey = new EscapeKey();
  #layout: Layout;
  #contents = new Map<ViewName, ViewContent>();
  /** When, and after how many instructions, the views were last computed; at 0 they are out of date. */
  #contentsAt = 0;
  #contentsInstructions = 0n;
  readonly #scrolled = new Map<ViewName, number>();
  #tab: ViewName = "registers";
  #zoomed = false;
  #focus: Focus = "console";
  #helping = false;
  #prompt: Prompt | undefined;
  #stale = true;
  #finish: (status: number) => void = () => {};

  private constructor(options: ApplicationOptions, session: Session, console: GuestConsole) {
    this.#options = options;
    this.#session = session;
    this.#console = console;
    this.#display = new Display({
      input: options.input,
      output: options.output,
      title: `trapframe ${options.title}`,
      onResize: () => this.#resize(),
    });
    this.#layout = this.#arrange();
    this.#resize();
  }

  /** Builds the machine, shows it and runs it until the user leaves; answers the status to exit with. Throws what building the machine throws. */
  static async run(options: ApplicationOptions): Promise<number> {
    let application: Application | undefined;
    let session: Session | undefined;
    const console = new GuestConsole({
      columns: 80,
      rows: 24,
      onReply: (bytes) => session?.type(bytes),
      onChange: () => application?.refresh(),
    });
    session = await Session.open({
      builder: options.builder,
      symbols: options.symbols,
      listeners: { onConsole: (bytes) => console.write(bytes) },
      onChange: () => application?.showNews(),
      onTurn: () => console.settle(),
    });
    for (const address of options.breakpoints ?? []) session.toggleBreakpoint(address);
    application = new Application(options, session, console);
    return application.#live();
  }

  /** Has the picture drawn anew, soon. */
  refresh(): void {
    this.#stale = true;
  }

  /** Has it drawn anew for a machine that has started, stopped or been replaced. */
  showNews(): void {
    this.#scrolled.clear();
    this.#contentsAt = 0;
    this.refresh();
  }

  async #live(): Promise<number> {
    const { input } = this.#options;
    const onData = (bytes: Uint8Array) => this.#receive(bytes);
    const finished = new Promise<number>((resolve) => {
      this.#finish = resolve;
    });
    const stopListening = onEndingSignal((status) => this.#finish(status));
    input.on("data", onData).once("end", () => this.#finish(0));
    const frames = setInterval(() => this.#frame(), frameMilliseconds);
    try {
      if (!this.#options.paused) this.#perform(this.#session.continue());
      return await finished;
    } finally {
      clearInterval(frames);
      input.off("data", onData).pause();
      stopListening();
      this.#session.pause();
      this.#display.close();
      this.#options.builder.flushDisks();
    }
  }

  /** Starts something whose failure is a defect: it must end the program, not vanish. */
  #perform(work: Promise<void>): void {
    work.catch((error: unknown) => {
      process.emit("uncaughtException", error instanceof Error ? error : new Error(String(error)));
    });
  }

  // What comes in

  #receive(bytes: Uint8Array): void {
    for (const item of this.#keyboard.decode(bytes)) this.#handle(item);
    if (!this.#keyboard.holding) return;
    setTimeout(() => {
      for (const item of this.#keyboard.flush()) this.#handle(item);
    }, sequenceMilliseconds);
  }

  #handle(item: InputItem): void {
    this.refresh();
    if (item.kind === "mouse") this.#handleMouse(item);
    else if (item.kind === "text") this.#handleText(Buffer.from(item.bytes));
    else if (this.#helping) this.#helping = false;
    else if (this.#prompt) this.#answerPrompt(item.name === "escape" ? "\x1b" : "");
    else this.#handleKey(item.name, item.bytes);
  }

  /** What one character does decides whose the next one is: pasted text may pause the machine and go on. */
  #handleText(text: Buffer): void {
    for (let rest = text; rest.length > 0; ) {
      if (this.#keysAreTheGuests) {
        this.#handleGuestText(rest);
        return;
      }
      const [character = ""] = rest.toString();
      if (this.#helping) this.#helping = false;
      else if (this.#prompt) this.#answerPrompt(character);
      else if (character === "\t") this.#focusNext();
      else this.#obey(commandOfLetter(character.toLowerCase()));
      rest = rest.subarray(Buffer.byteLength(character));
    }
  }

  get #keysAreTheGuests(): boolean {
    return this.#session.activity === "running" && !this.#helping && !this.#prompt;
  }

  #handleGuestText(bytes: Uint8Array): void {
    for (const item of this.#escapeKey.split(bytes)) {
      if (item.kind === "command") {
        this.#obey(commandOfLetter(item.key));
      } else {
        this.#console.scrollToEnd();
        this.#session.type(item.bytes);
      }
    }
  }

  #answerPrompt(character: string): void {
    if (this.#prompt?.type(character) === false) this.#prompt = undefined;
  }

  #handleKey(name: string | undefined, bytes: Uint8Array): void {
    const command = commandOfKey(name ?? "");
    const page = Math.max(1, this.#layout.console.height - 1);
    if (command !== undefined) this.#obey(command);
    else if (name === "shift-page-up") this.#console.scroll(page);
    else if (name === "shift-page-down") this.#console.scroll(-page);
    else if (this.#keysAreTheGuests) this.#session.type(this.#console.encodeKey(name, bytes));
    else if (name === "up") this.#scrollFocused(-1);
    else if (name === "down") this.#scrollFocused(1);
    else if (name === "page-up") this.#scrollFocused(-page);
    else if (name === "page-down") this.#scrollFocused(page);
    else if (name === "shift-tab" || name === "escape") this.#focus = "console";
  }

  #handleMouse({ action, x, y }: MouseItem): void {
    const { console, keys } = this.#layout;
    const pane = this.#layout.panes.find(({ area }) => contains(area, x, y));
    if (action === "wheel-up" || action === "wheel-down") {
      const rows = action === "wheel-up" ? -wheelRows : wheelRows;
      if (pane) this.#scroll(pane.view, rows);
      else this.#console.scroll(-rows);
    } else if (action === "press") {
      this.#helping = false;
      if (contains(keys, x, y)) this.#obey(buttonAt(this.#keyBar(), x));
      else if (contains(console, x, y)) this.#focus = "console";
      else if (pane) this.#clickPane(pane, x - pane.area.x, y - pane.area.y);
    }
  }

  #clickPane(pane: Pane, column: number, row: number): void {
    this.#focus = pane.view;
    if (row === 0) {
      const tab = buttonAt(this.#titleBar(pane), column);
      if (tab !== undefined) this.#showTab(tab);
    } else if (pane.view === "code" && column < gutterColumns) {
      const address = this.#visibleLines(pane)[row - 1]?.address;
      if (address !== undefined) this.#session.toggleBreakpoint(address);
    }
  }

  // What is done

  #obey(command: CommandName | undefined): void {
    const session = this.#session;
    switch (command) {
      case "help":
        this.#helping = true;
        break;
      case "view":
        this.#showNextTab();
        break;
      case "zoom":
        this.#zoomed = !this.#zoomed;
        this.#resize();
        break;
      case "hart":
        session.selectNextHart();
        break;
      case "run":
        if (session.activity === "running") session.pause();
        else this.#perform(session.continue());
        break;
      case "break":
        this.#prompt = new Prompt("break at symbol or address", (text) => this.#toggleBreakpoint(text));
        break;
      case "reset":
        this.#console.announce("reset");
        this.#perform(session.reset());
        break;
      case "steps":
        this.#prompt = new Prompt("instructions to execute", (text) => this.#stepMany(text));
        break;
      case "over":
        this.#perform(session.stepOver());
        break;
      case "step":
        this.#perform(session.step());
        break;
      case "quit":
        this.#finish(session.activity === "ended" ? session.status : 0);
        break;
      case undefined:
        break;
    }
  }

  #toggleBreakpoint(text: string): string | undefined {
    const address = parseAddress(this.#session.symbols, text);
    if (address === undefined) return "no symbol and no address";
    this.#session.toggleBreakpoint(address);
    return undefined;
  }

  #stepMany(text: string): string | undefined {
    const count = readCount(text) ?? 0;
    if (count < 1 || count > mostSteps) return "a number from 1 to 1G, please";
    this.#perform(this.#session.step(count));
    return undefined;
  }

  #showNextTab(): void {
    const { tabs, panes } = this.#layout;
    const shown = panes.at(-1)?.view;
    const index = shown === undefined ? -1 : tabs.indexOf(shown);
    const next = tabs[(index + 1) % tabs.length];
    if (next !== undefined) this.#showTab(next);
  }

  #showTab(view: ViewName): void {
    const followed = this.#focus === this.#layout.panes.at(-1)?.view;
    this.#tab = view;
    this.#layout = this.#arrange();
    if (followed) this.#focus = view;
    this.#contentsAt = 0;
  }

  #focusNext(): void {
    const order: Focus[] = ["console", ...this.#layout.panes.map(({ view }) => view)];
    this.#focus = order[(order.indexOf(this.#focus) + 1) % order.length] ?? "console";
  }

  #scrollFocused(rows: number): void {
    if (this.#focus === "console") this.#console.scroll(-rows);
    else this.#scroll(this.#focus, rows);
  }

  #scroll(view: ViewName, rows: number): void {
    const content = this.#contents.get(view);
    const pane = this.#layout.panes.find((candidate) => candidate.view === view);
    if (content === undefined || pane === undefined) return;
    const last = Math.max(0, content.lines.length - (pane.area.height - 1));
    const top = Math.min(Math.max(content.start + (this.#scrolled.get(view) ?? 0) + rows, 0), last);
    this.#scrolled.set(view, top - content.start);
  }

  #arrange(): Layout {
    return arrange(this.#display.width, this.#display.height, this.#tab, this.#zoomed);
  }

  #resize(): void {
    this.#layout = this.#arrange();
    this.#console.resize(this.#layout.console.width, this.#layout.console.height);
    this.#contentsAt = 0;
    this.refresh();
  }

  // What is seen

  #frame(): void {
    const running = this.#session.activity === "running";
    const { instructions } = this.#session.machine;
    const due =
      performance.now() - this.#contentsAt >= viewMilliseconds && instructions !== this.#contentsInstructions;
    if (!this.#stale && !(running && due)) return;
    this.#stale = false;
    if (this.#contentsAt === 0 || (running && due)) this.#computeContents();
    this.#draw();
  }

  #computeContents(): void {
    const { machine, hart, symbols, activity, before } = this.#session;
    const now = takeSnapshot(hart);
    const scene: Scene = {
      machine,
      hart,
      symbols,
      now,
      before: activity === "running" ? now : (before ?? now),
    };
    this.#contents = new Map(
      this.#layout.panes.map(({ view, area }) => [
        view,
        views[view](scene, { width: area.width, height: area.height - 1 }),
      ]),
    );
    this.#contentsAt = performance.now();
    this.#contentsInstructions = machine.instructions;
  }

  #draw(): void {
    const display = this.#display;
    const { status, console, panes, keys } = this.#layout;
    display.begin();
    const rates = this.#meter.read(this.#session);
    const statusRows = statusLines(this.#session, this.#options.title, rates);
    display.show("status", status, rows(statusRows, status.width));
    display.show("console", console, this.#console.rows(!this.#helping));
    panes.forEach((pane, index) => {
      display.show(`pane ${index}`, pane.area, this.#paneRows(pane));
    });
    display.show("keys", keys, rows([this.#prompt?.line ?? this.#keyBar().content], keys.width));
    const overlay = this.#overlay();
    if (overlay !== undefined) this.#drawOverlay(overlay);
    display.flush();
  }

  #paneRows(pane: Pane): string[] {
    const { width, height } = pane.area;
    const content = this.#visibleLines(pane).map(({ content: shown }) => shown);
    const empty = Array.from({ length: Math.max(0, height - 1 - content.length) }, () => line(""));
    return rows([this.#titleBar(pane).content, ...content, ...empty], width);
  }

  #visibleLines({ view, area }: Pane) {
    const content = this.#contents.get(view);
    if (content === undefined) return [];
    const top = content.start + (this.#scrolled.get(view) ?? 0);
    return content.lines.slice(top, top + area.height - 1);
  }

  #titleBar(pane: Pane): Bar<ViewName> {
    const shared = pane === this.#layout.panes.at(-1);
    const tabs = shared && this.#layout.tabs.length > 0 ? this.#layout.tabs : [pane.view];
    return titleBar(pane.view, tabs, this.#focus === pane.view, "");
  }

  #keyBar(): Bar<CommandName> {
    const running = this.#session.activity === "running";
    return keyBar(running, this.#escapeKey.pending, this.#layout.keys.width);
  }

  #overlay(): readonly Line[] | undefined {
    if (this.#helping) return helpLines();
    if (this.#session.activity !== "ended") return undefined;
    return [
      [span(`The guest has switched itself off, with status ${this.#session.status}.`, look.strong)],
      [],
      [span("F8", look.name), span(" or "), span("r", look.name), span("  start it anew")],
      [span("F12", look.name), span(" or "), span("q", look.name), span(" leave")],
    ];
  }

  #drawOverlay(content: readonly Line[]): void {
    const lines = [[], ...content, []].map((shown) => [span("  "), ...shown]);
    const width = Math.min(Math.max(...lines.map(lineWidth)) + 2, this.#display.width);
    const area = {
      x: Math.floor((this.#display.width - width) / 2),
      y: Math.max(0, Math.floor((this.#display.height - lines.length) / 2)),
      width,
      height: Math.min(lines.length, this.#display.height),
    };
    this.#display.show("overlay", area, rows(lines, width, look.bar));
  }
}

function rows(lines: readonly Line[], width: number, background?: Look): string[] {
  return lines.map((content) => renderLine(content, width, background));
}

function buttonAt<Target>(bar: Bar<Target>, column: number): Target | undefined {
  return bar.buttons.find(({ from, to }) => column >= from && column < to)?.target;
}
