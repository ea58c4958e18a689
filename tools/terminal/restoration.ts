/** Leaves the terminal as it was found, however the process ends. */

const pending = new Set<() => void>();
let watching = false;

/** Registers what puts the terminal back; it runs once, when the answered function is called or the process exits. */
export function restoreLater(restore: () => void): () => void {
  if (!watching) {
    watching = true;
    process.on("exit", restoreTerminal);
  }
  const once = () => {
    if (pending.delete(once)) restore();
  };
  pending.add(once);
  return once;
}

/** Puts the terminal back now: before the last words of a process that is about to die. */
export function restoreTerminal(): void {
  for (const restore of [...pending].reverse()) restore();
}

/** Hands every key press to the program at once, and unchanged. Answers what undoes it. */
export function enterRawMode(input: NodeJS.ReadStream): () => void {
  input.setRawMode(true);
  // A stopped process finds the mode reset by its shell when it continues.
  const again = () => input.setRawMode(true);
  process.on("SIGCONT", again);
  return restoreLater(() => {
    process.off("SIGCONT", again);
    input.setRawMode(false);
  });
}
