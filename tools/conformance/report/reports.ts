/** The kinds of report there are. Each is a text made from the results. */
import type { Result } from "../result.ts";
import { jsonReport } from "./json.ts";

export const reports = {
  json: jsonReport,
} satisfies Record<string, (results: readonly Result[]) => string>;

export type ReportKind = keyof typeof reports;

export const reportKinds: readonly ReportKind[] = ["json"];
