/** The kinds of report there are, as `--report` names them. */
export const reportKinds = ["junit", "json", "html", "tap"] as const;

export type ReportKind = (typeof reportKinds)[number];
