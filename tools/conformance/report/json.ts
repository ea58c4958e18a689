/** Results for programs: everything that is known. */
import type { Result } from "../result.ts";

/** A document `{ format, counts, results }`, results as in `result.ts`. */
export function jsonReport(results: readonly Result[]): string {
  const counts = { passed: 0, failed: 0, error: 0, skipped: 0 };
  for (const { status } of results) counts[status]++;
  return `${JSON.stringify({ format: "trapframe-conform-1", counts, results }, undefined, 2)}\n`;
}
