/** Verdicts on a terminal of 80 columns, and for programs. */
import { classWords, type InstructionClass } from "../../emulator/isa/class.ts";
import type { Finding, Verdict } from "./verdict.ts";

const COLUMNS = 80;

/** The findings that do not bear out what the tables state. */
export function disagreements(
  verdicts: readonly Verdict[],
): readonly { verdict: Verdict; finding: Finding }[] {
  return verdicts.flatMap((verdict) =>
    verdict.findings.filter(({ agrees }) => !agrees).map((finding) => ({ verdict, finding })),
  );
}

/** One line per operation, then a verdict for each profile, then what disagrees. */
export function verdictText(verdicts: readonly Verdict[]): string {
  const wrong = disagreements(verdicts).map(({ verdict, finding }) =>
    wrapped(
      `${finding.name} on ${verdict.profile}: measured ${classPhrase(finding.measured)}, but stated as ${classPhrase(finding.stated)}`,
      "  ",
    ),
  );
  return [
    row(["instruction", "profile", "U", "S", "M", "measured", "same"]),
    ...lines(verdicts),
    "",
    ...legend,
    ...verdicts.flatMap((verdict) => ["", ...conclusion(verdict)]),
    ...(wrong.length === 0
      ? ["", "Every class measured is the class stated."]
      : ["", "Measured is not what is stated:", ...wrong.flat()]),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

/** Everything that has been found. */
export function verdictData(verdicts: readonly Verdict[]): unknown {
  const data = ({ measured, stated, ...rest }: Finding) => ({
    ...rest,
    measured: { ...measured, words: classWords(measured) },
    stated: { ...stated, words: classWords(stated) },
  });
  return {
    profiles: verdicts.map(({ profile, virtualizable, offenders, conditions, findings }) => ({
      profile,
      virtualizable,
      offenders: offenders.map(({ name, why }) => ({ name, why })),
      conditions: conditions.map(({ name }) => name),
      operations: findings.map(data),
    })),
    disagreements: disagreements(verdicts).map(({ verdict, finding }) => ({
      profile: verdict.profile,
      name: finding.name,
    })),
  };
}

const WIDTHS = [22, 7, 6, 6, 6, 29];

const legend = [
  "same: the measured class is the one stated; else that is given.",
  "runs: traps for memory's sake only. traps: always. some: in some states.",
  "held: traps when scounteren or senvcfg say so, which a monitor can set.",
];

const cell = (text: string, column: number) => text.padEnd(WIDTHS[column] ?? 0);

/** Cells of the columns from `first` on. */
function row(cells: readonly string[], first = 0): string {
  return cells
    .map((text, i) => cell(text, first + i))
    .join("")
    .trimEnd();
}

/** The four words without "-sensitive", for a column. */
const brief = (words: readonly string[]) => words.join(" ").replaceAll("-sensitive", "");

const classPhrase = (stated: InstructionClass) =>
  classWords(stated).join(", ") + (stated.privilege === "none" ? "" : ` (${stated.privilege})`);

interface Line {
  readonly name: string;
  readonly rest: string;
}

function lines(verdicts: readonly Verdict[]): string[] {
  const [first] = verdicts;
  const all = (first?.findings ?? []).flatMap((_, i): Line[] => {
    const each = verdicts.map(({ profile, findings }) => ({ profile, finding: findings[i] }));
    const rests = each.map(({ finding }) => (finding === undefined ? "" : cellsOf(finding)));
    const name = each[0]?.finding?.name ?? "";
    if (each.length > 1 && rests.every((rest) => rest === rests[0]))
      return [{ name, rest: `${cell("both", 1)}${rests[0]}` }];
    return each.map(({ profile }, k) => ({ name, rest: `${cell(profile, 1)}${rests[k]}` }));
  });
  return collapsed(all).map(({ name, rest }) => `${cell(name, 0)}${rest}`);
}

function cellsOf({ modes, measured, stated, agrees }: Finding): string {
  const verdict = agrees ? "yes" : brief(classWords(stated));
  return row([modes.U, modes.S, modes.M, brief(classWords(measured)), verdict], 2);
}

/** Numbered registers that are alike stand on one line: "csrr pmpaddr0-15". */
function collapsed(all: readonly Line[]): Line[] {
  const families = new Map<string, { stem: string; numbers: number[]; line: Line }>();
  for (const line of all) {
    const [, stem = line.name, number] = /^(csr\w* \D+)(\d+)$/.exec(line.name) ?? [];
    const key = number === undefined ? `${line.name}|${line.rest}` : `${stem}#|${line.rest}`;
    const family = families.get(key) ?? { stem, numbers: [], line };
    if (number !== undefined) family.numbers.push(Number(number));
    families.set(key, family);
  }
  return [...families.values()].map(({ stem, numbers, line }) =>
    numbers.length < 2 ? line : { ...line, name: stem + range(numbers) },
  );
}

function range(numbers: readonly number[]): string {
  const first = Math.min(...numbers);
  const last = Math.max(...numbers);
  return last - first + 1 === numbers.length ? `${first}-${last}` : numbers.join(",");
}

function conclusion({ profile, virtualizable, offenders, conditions, findings }: Verdict): string[] {
  const executions = findings.reduce((sum, finding) => sum + finding.executions, 0);
  const basis = `(${findings.length} operations, ${executions} executions)`;
  const held = conditions.map(({ name }) => name).join(", ");
  const proviso = held === "" ? "" : ` A monitor must hold ${held}.`;
  if (virtualizable) {
    return wrapped(
      `${profile}: virtualizable. Every sensitive instruction is privileged, or can be held ${basis}.${proviso}`,
    );
  }
  return [
    ...wrapped(
      `${profile}: not virtualizable by trap and emulate. ${offenders.length} sensitive operations do not trap in U-mode ${basis}:`,
    ),
    ...offenders.flatMap(({ name, why }) => [
      `  ${name}`,
      ...why.flatMap((sentence) => wrapped(sentence, "    ")),
    ]),
    ...(proviso === "" ? [] : wrapped(proviso.trim())),
  ];
}

function wrapped(text: string, indent = ""): string[] {
  const result: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.length > indent.length && line.length + 1 + word.length > COLUMNS) {
      result.push(line);
      line = indent;
    }
    line += line.length > indent.length ? ` ${word}` : word;
  }
  return [...result, line];
}
