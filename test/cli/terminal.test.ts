/** The terminal UI and raw mode, on a real terminal: tmux plays the user and tells what is on the screen. */
import { execFileSync, spawnSync } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { ROOT } from "../../tools/guest/root.ts";
import { commandLine } from "./trapframe.ts";

const hasTmux = spawnSync("tmux", ["-V"]).status === 0;
let servers = 0;
/** Each test has a server of its own: one that is still ending would take the next test's session with it. */
const socket = () => `trapframe-test-${process.pid}-${servers}`;

function tmux(...args: string[]): string {
  return execFileSync("tmux", ["-L", socket(), ...args], { encoding: "utf8", cwd: ROOT });
}

/** A terminal with a shell in it. */
class Terminal {
  constructor(width: number, height: number) {
    servers++;
    tmux("-f", "/dev/null", "new-session", "-d", "-x", String(width), "-y", String(height), "/bin/sh");
    this.type("PS1='ready> '; clear\r");
  }

  type(text: string): void {
    for (const [piece] of text.matchAll(/\r|[^\r]+/g)) {
      if (piece === "\r") tmux("send-keys", "Enter");
      else tmux("send-keys", "-l", piece);
    }
  }

  key(name: string): void {
    tmux("send-keys", name);
  }

  get screen(): string {
    return tmux("capture-pane", "-p");
  }

  /** Waits until the screen shows it; answers the screen. */
  async shows(pattern: RegExp, seconds = 20): Promise<string> {
    for (const until = Date.now() + seconds * 1000; Date.now() < until; ) {
      if (pattern.test(this.screen)) return this.screen;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the screen never showed ${pattern}:\n${this.screen}`);
  }

  /** "1" for each mode a program may leave behind: alternate screen, mouse, hidden cursor, application keys. */
  get modes(): string {
    const flags = "#{alternate_on}#{mouse_any_flag}#{?cursor_flag,0,1}#{keypad_cursor_flag}#{keypad_flag}";
    return tmux("display-message", "-p", flags).trim();
  }

  /** Runs a command; afterwards the shell says what it exited with, and whether lines are edited as before. */
  run(...args: string[]): void {
    this.type(`node ${commandLine} ${args.join(" ")}; echo status=$?; stty -a | grep -o -- '-*icanon'\r`);
  }

  /** Process of the program that runs in it. */
  get process(): number {
    const shell = tmux("display-message", "-p", "#{pane_pid}").trim();
    const children = execFileSync("ps", ["--ppid", shell, "-o", "pid="], { encoding: "utf8" });
    return Number(children.trim().split("\n")[0]);
  }
}

describe.skipIf(!hasTmux)("on a terminal", { timeout: 60_000 }, () => {
  afterEach(() => {
    spawnSync("tmux", ["-L", socket(), "kill-server"]);
  });

  it("boots our guest into the UI, obeys keys, and leaves the terminal as it was", async () => {
    const terminal = new Terminal(80, 24);
    terminal.run("boot");
    await terminal.shows(/trapframe> ?$/m);
    terminal.type("ps\r");
    await terminal.shows(/1 .*init/);
    terminal.key("F5");
    expect(await terminal.shows(/■ paused/)).toMatch(/F11Step/);
    terminal.key("F2");
    await terminal.shows(/▶/);
    terminal.key("F11");
    terminal.type("bnowhere\r");
    await terminal.shows(/no symbol and no address/);
    terminal.key("Escape");
    await terminal.shows(/F12Quit/);
    terminal.type("btrap_entry\rc\r");
    await terminal.shows(/breakpoint at trap_entry/);
    terminal.type("btrap_entry\rc");
    await terminal.shows(/▶ running/);
    terminal.key("F1");
    await terminal.shows(/Any key closes this/);
    terminal.key("Space");
    terminal.type("poweroff 3\r");
    await terminal.shows(/switched itself off, with status 3/);
    terminal.type("r");
    await terminal.shows(/▶ running[\s\S]*trapframe> ?$/m);
    terminal.key("C-a");
    await terminal.shows(/Ctrl-A then/);
    terminal.type("x");
    await terminal.shows(/status=0\nicanon/);
    expect(terminal.modes).toBe("00000");
  });

  it("fills a large screen, follows a change of its size, and obeys the mouse", async () => {
    const terminal = new Terminal(200, 60);
    terminal.run("boot");
    expect(await terminal.shows(/trapframe> {2}[\s\S]*mstatus/)).toMatch(
      /Registers[\s\S]*Code[\s\S]*Traps[\s\S]*TLB/,
    );
    tmux("resize-window", "-x", "90", "-y", "30");
    await terminal.shows(/Registers {2}Code {2}Traps/);
    const column = terminal.screen.split("\n").at(29)?.indexOf("Pause") ?? 0;
    terminal.type(`\x1b[<0;${column + 1};30M\x1b[<0;${column + 1};30m`);
    await terminal.shows(/■ paused/);
    terminal.type("q");
    await terminal.shows(/status=0\nicanon/);
  });

  it.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
  ] as const)("leaves the terminal as it was after %s", async (signal, status) => {
    const terminal = new Terminal(80, 24);
    terminal.run("boot");
    await terminal.shows(/▶ running/);
    process.kill(terminal.process, signal);
    await terminal.shows(new RegExp(`status=${status}\\nicanon`));
    expect(terminal.modes).toBe("00000");
  });

  it("gives every key to a guest that runs headless, but those after Ctrl-A", async () => {
    const terminal = new Terminal(80, 24);
    terminal.run("run");
    await terminal.shows(/trapframe> ?$/m);
    terminal.type("hog\r");
    await new Promise((resolve) => setTimeout(resolve, 500));
    terminal.key("C-c");
    await terminal.shows(/hog[\s\S]*trapframe> ?$/m);
    terminal.key("C-a");
    terminal.type("h");
    await terminal.shows(/Ctrl-A x +quit/);
    terminal.key("C-a");
    terminal.type("x");
    await terminal.shows(/status=0\nicanon/);
  });
});
