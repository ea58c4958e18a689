/** What the user can tell the machine to do, and the keys for it. */

export type CommandName =
  | "help"
  | "view"
  | "zoom"
  | "hart"
  | "run"
  | "break"
  | "reset"
  | "steps"
  | "over"
  | "step"
  | "quit";

export interface Command {
  readonly name: CommandName;
  readonly functionKey: string;
  /** Alone when keys are commands; after Ctrl-A when they are the guest's. The first is shown. */
  readonly letters: string;
  /** On the bar of keys. */
  readonly label: string;
  readonly description: string;
}

export const commands: readonly Command[] = [
  command("help", "f1", "h?", "Help", "this help"),
  command("view", "f2", "v", "View", "show the next view where not all have room"),
  command("zoom", "f3", "z", "Zoom", "give the whole screen to the console, and back"),
  command("hart", "f4", "t", "Hart", "look at the next hart"),
  command("run", "f5", "cp ", "Run", "pause, or continue"),
  command("break", "f6", "b", "Break", "set or remove a breakpoint: a symbol or an address"),
  command("reset", "f8", "r", "Reset", "start the machine anew"),
  command("steps", "f9", "m", "Many", "execute a number of instructions"),
  command("over", "f10", "n", "Next", "execute one instruction, but calls and ecalls whole"),
  command("step", "f11", "s", "Step", "execute one instruction"),
  command("quit", "f12", "qx", "Quit", "leave"),
];

function command(
  name: CommandName,
  functionKey: string,
  letters: string,
  label: string,
  description: string,
): Command {
  return { name, functionKey, letters, label, description };
}

/** The command of a function key, such as "f5". */
export function commandOfKey(key: string): CommandName | undefined {
  return commands.find(({ functionKey }) => functionKey === key)?.name;
}

export function commandOfLetter(letter: string): CommandName | undefined {
  return commands.find(({ letters }) => letters.includes(letter))?.name;
}
