/** Signals that ask the program to end. */
import { constants } from "node:os";
import { signalStatus } from "../host/exit-status.ts";

const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * Calls `end` with the exit status when one arrives; a second one exits at once, should `end` not get there. Answers
 * what stops listening.
 */
export function onEndingSignal(end: (status: number) => void): () => void {
  let asked = false;
  const handlers = endingSignals.map((name) => {
    const status = signalStatus(constants.signals[name]);
    const handler = () => {
      if (asked) process.exit(status);
      asked = true;
      end(status);
    };
    process.on(name, handler);
    return { name, handler };
  });
  return () => {
    for (const { name, handler } of handlers) process.off(name, handler);
  };
}
