/** The reports by their kinds. Each is a text made from the results. */
import type { Result } from "../result.ts";
import { htmlReport } from "./html.ts";
import { jsonReport } from "./json.ts";
import { junitReport } from "./junit.ts";
import type { ReportKind } from "./kinds.ts";
import { tapReport } from "./tap.ts";

export const reports: Readonly<Record<ReportKind, (results: readonly Result[]) => string>> = {
  junit: junitReport,
  json: jsonReport,
  html: htmlReport,
  tap: tapReport,
};
