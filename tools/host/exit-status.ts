/**
 * What the process exits with when the guest has not said so itself. A guest that powers off gives its own status,
 * 0 to 255, which can coincide with these; the message on stderr tells them apart.
 */
export const exitStatus = {
  /** An image, a disk or another input cannot be used. */
  badInput: 1,
  /** The command line cannot be understood. */
  badUsage: 2,
  /** A defect of this program. */
  defect: 70,
  /** What `--expect` waits for did not come. */
  notSeen: 120,
  /** The guest traps for ever at its own trap handler. */
  stuck: 121,
  /** Every hart sleeps and nothing is left that could wake one. */
  asleep: 122,
  /** The power failed, as `--disk FILE,crash-after=WRITES` wants it. */
  powerLoss: 123,
  /** `--timeout` or `--max-instructions` was reached. */
  limit: 124,
} as const;

/** What a shell reports for a process ended by this signal. */
export function signalStatus(signal: number): number {
  return 128 + signal;
}
