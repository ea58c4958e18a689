/**
 * What the translator makes of instructive pieces of code, as `trapframe disasm --translated` shows it. A change of the
 * translation shows here, to be looked at and, if it is meant, accepted: `npx vitest run -u … test/translation`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseCpu } from "../../emulator/board/cpu.ts";
import type { ElfProgram } from "../../emulator/board/elf.ts";
import { parseElf } from "../../emulator/board/elf.ts";
import { translateAt } from "../../tools/code/translation.ts";
import { listTranslation } from "../../tools/code/translation-listing.ts";
import { buildGuest } from "../../tools/guest/build.ts";
import { ROOT } from "../../tools/guest/root.ts";

const FOLDER = "test/translation";
const sources = readdirSync(join(ROOT, FOLDER))
  .filter((name) => name.endsWith(".S"))
  .sort();
const cpu = parseCpu("max");

let program: ElfProgram;

beforeAll(async () => {
  const path = await buildGuest({
    name: "test/translation",
    sources: sources.map((name) => `${FOLDER}/${name}`),
    linkerScript: `${FOLDER}/pieces.ld`,
  });
  program = parseElf(readFileSync(path), path);
});

function addressOf(symbol: string): bigint {
  const found = program.symbols.named(symbol);
  if (found === undefined) throw new Error(`there is no symbol "${symbol}"`);
  return found.address;
}

/** Where the jump at the first symbol that a comment "Leads:" names was seen to lead: to the others. */
function leadsOf(source: string): Map<bigint, bigint[]> {
  const [, names] = /^# Leads: (.*)$/m.exec(source) ?? [];
  const [from, ...to] = (names?.split(" ") ?? []).map(addressOf);
  return new Map(from === undefined ? [] : [[from, to]]);
}

describe("translation", () => {
  it.each(sources.map((name) => name.slice(0, -2)))("of %s", async (piece) => {
    const source = readFileSync(join(ROOT, FOLDER, `${piece}.S`), "utf8");
    const translated = translateAt(program, addressOf(piece.replaceAll("-", "_")), cpu, {
      leads: leadsOf(source),
      flat: /^# Memory is flat/m.test(source),
    });
    if (translated === undefined) throw new Error("nothing was translated");
    const [about] = source.split("\n");
    const text = [about?.slice(2), ...listTranslation(translated)].map((line) => `${line}\n`).join("");
    await expect(text).toMatchFileSnapshot(join(ROOT, FOLDER, `${piece}.txt`));
  });
});
