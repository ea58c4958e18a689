/** What is on the disk when the power fails, at any moment of a workload. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Random } from "../fuzz/random.ts";
import { ROOT } from "../guest/root.ts";
import { compileCore } from "./core.ts";
import { failAfterEachWrite, failAtRandom, failTwice, record } from "./testing/power-loss.ts";
import { randomSteps } from "./testing/workload.ts";

const BLOCKS = 768;

describe("after a loss of power", () => {
  const recording = record(randomSteps(11n, 300), BLOCKS);

  it("at every single write, the disk holds what was synced, and every step or none of it", () => {
    expect(recording.events.filter(({ kind }) => kind === "write").length).toBeGreaterThan(700);
    expect(recording.events.filter(({ kind }) => kind === "flush").length).toBeGreaterThan(30);
    expect(failAfterEachWrite(recording)).toBeUndefined();
  });

  it.each([1n, 2n])("and writes lost, torn or in another order, it does so (seed %s)", (seed) => {
    expect(failAtRandom(recording, new Random(seed), 0.5)).toBeUndefined();
  });

  it("and another one while it is mounted, it does so", () => {
    expect(failTwice(recording, new Random(3n), 0.15)).toBeUndefined();
  });
});

describe("a journal that is broken is noticed", () => {
  const folder = `.build/test/broken-journal-${process.pid}`;
  afterAll(() => {
    rmSync(join(ROOT, folder), { recursive: true, force: true });
    for (const end of ["", ".sources"]) {
      rmSync(join(ROOT, ".build/guest", `${folder.replaceAll("/", "-")}.wasm${end}`), { force: true });
    }
  });

  const flush = "begin(files, FILES_TRANSFER_FLUSH, 0, 0, NULL);";
  const nothing = "begin(files, FILES_TRANSFER_WRITE, 0, 0, NULL);";
  const beginsRecord =
    "begin(files, FILES_TRANSFER_WRITE, area, journal->record->count + 1, journal->record);";
  const breaks: [what: string, right: string, wrong: string][] = [
    [
      "no flush before blocks are written home",
      `journal->phase = JOURNAL_FLUSH;\n    ${flush}`,
      `journal->phase = JOURNAL_FLUSH;\n    ${nothing}`,
    ],
    [
      "blocks written home with the record",
      beginsRecord,
      `${beginsRecord} begin_home(files, 0, journal->record->count);`,
    ],
    [
      "records believed unread",
      "journal->record->entries[journal->recovery.done + i].digest != block_digest(copy)",
      "copy == NULL",
    ],
    ["records replayed in the wrong order", "sequence[1] < sequence[0]", "sequence[1] > sequence[0]"],
    ["only one area used", "sequence % 2", "sequence * 0"],
    [
      "a sync answered before its flush",
      "case JOURNAL_RECORD:\n",
      "case JOURNAL_RECORD:\n journal->durable = journal->record->sequence;\n",
    ],
  ];
  it.each(breaks)("%s", (_, right, wrong) => {
    cpSync(join(ROOT, "userland/files/core"), join(ROOT, folder), { recursive: true });
    const path = join(ROOT, folder, "journal.c");
    const source = readFileSync(path, "utf8");
    expect(source).toContain(right);
    writeFileSync(path, source.replaceAll(right, wrong));
    const recording = record(randomSteps(5n, 100), BLOCKS, compileCore(folder));
    const finding = failAtRandom(recording, new Random(1n), 0.5) ?? failAfterEachWrite(recording);
    expect(finding).toBeDefined();
  });
});
