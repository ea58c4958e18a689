import type { Case, Suite, Test } from "../../tools/conformance/case.ts";
import type { Listed } from "./oracle/encodings.ts";
import { encodings } from "./oracle/encodings.ts";
import { computations } from "./oracle/integer.ts";
import { instructionTest } from "./support/instruction-test.ts";
import { illegal, trial } from "./support/trial.ts";
import { hex, NEGATIVE_SAMPLE, SAMPLE, sequence } from "./support/values.ts";

const UNDEFINED =
  "RV32/64G Instruction Set Listings: no extension of the processor defines this encoding; every such one is illegal on this machine";

/** Whether a processor with these extensions knows an instruction; `undefined` has all. */
const knows = (extensions: ReadonlySet<string> | undefined, entry: Listed) =>
  extensions === undefined ||
  entry.extensions.length === 0 ||
  entry.extensions.some((e) => extensions.has(e));

const isDefined = (word: number, extensions?: ReadonlySet<string>) => {
  for (const entry of encodings.values()) {
    if (((word ^ entry.match) & entry.mask) === 0 && knows(extensions, entry)) return true;
  }
  return false;
};

const samples = (name: string, count: number) => {
  const seed = [...name].reduce((sum, letter) => sum * 31n + BigInt(letter.charCodeAt(0)), 7n);
  return sequence(seed, count).map((v) => Number(v & 0xffff_ffffn));
};

/** Words of an instruction, with their free bits all one and random. */
const wordsOf = (name: string, { mask, match }: Listed) =>
  [-1, ...samples(name, 1)].map((free) => ((free & ~mask) | match) >>> 0);

const illegalWord = (word: number) => illegal(hex(BigInt(word)), UNDEFINED, word);

/** Words that differ from an instruction's in one of the bits that make it that instruction, and are no other's. */
function* deviations(name: string, entry: Listed): Generator<Case> {
  for (const word of wordsOf(name, entry)) {
    for (let bit = 2; bit < 32; bit++) {
      const changed = (word ^ (1 << bit)) >>> 0;
      if ((entry.mask >>> bit) & 1 && !isDefined(changed)) yield illegalWord(changed);
    }
  }
}

/** Every funct7 with every funct3 and some rs2, of the opcodes in which many extensions meet. */
function* rows(opcode: number, rs2s: readonly number[]): Generator<Case> {
  for (let funct7 = 0; funct7 < 128; funct7++) {
    for (let funct3 = 0; funct3 < 8; funct3++) {
      for (const rs2 of rs2s) {
        const word = ((funct7 << 25) | (rs2 << 20) | (9 << 15) | (funct3 << 12) | (10 << 7) | opcode) >>> 0;
        if (!isDefined(word)) yield illegalWord(word);
      }
    }
  }
}

function* randomWords(): Generator<Case> {
  for (const word of samples("random", 4000)) {
    const long = (word | 3) >>> 0;
    if (!isDefined(long)) yield illegalWord(long);
  }
}

/** Opcodes that no extension of this machine uses: custom, reserved, of vectors, and of longer instructions. */
function* unusedOpcodes(): Generator<Case> {
  const used = new Set([...encodings.values()].map(({ match }) => match & 0x7f));
  for (let opcode = 3; opcode < 128; opcode += 4) {
    if (used.has(opcode)) continue;
    for (const free of [0, -1, ...samples("opcode", 3)]) yield illegalWord(((free & ~0x7f) | opcode) >>> 0);
  }
}

const all = [...computations.integer, ...computations.multiply, ...computations.bits];

/** On a processor of RV64GC and some extensions: their instructions are there, and those of others are not. */
function extensionTest(list: readonly string[]): Test {
  const extensions = new Set(list);
  const text = list.join(",");
  return {
    name: list.length === 0 ? "rv64gc" : `rv64gc,${text}`,
    cpu: ["rv64gc", ...list].join(),
    *cases() {
      const computes = new Map(all);
      for (const [name, entry] of encodings) {
        if (entry.extensions.length === 0) continue;
        const [, word = 0] = wordsOf(name, entry);
        const computation = computes.get(name);
        if (!isDefined(word, extensions)) {
          yield illegal(name, `${UNDEFINED}: it comes with ${entry.extensions.join(" or ")}`, word);
        } else if (knows(extensions, entry) && computation !== undefined && (entry.mask & 0x1f0_0000) === 0) {
          const registers = entry.match | (5 << 7) | (6 << 15);
          const isImmediate = (entry.match & 0x20) === 0;
          const b = isImmediate ? 7n : NEGATIVE_SAMPLE;
          yield trial({
            name,
            because: computation.because,
            code: [(registers | (7 << 20)) >>> 0],
            before: { x: { 6: SAMPLE, 7: NEGATIVE_SAMPLE } },
            after: { x: { 5: computation.value(SAMPLE, b) } },
          });
        }
      }
    },
  };
}

/** Extensions that bring the same instructions, or parts of each other, are apart. */
const processors: readonly (readonly string[])[] = [
  [],
  ["zba", "zbkb", "zbkc", "zfhmin"],
  ["zbb", "zbs", "zbc", "zicboz"],
  ["zbkx", "zicond", "zicbom", "svinval"],
];

export const suite: Suite = {
  about: "Encodings that nothing defines are illegal instructions",
  tests: [
    ...[...encodings].map(([name, entry]) => instructionTest(name, () => deviations(name, entry))),
    instructionTest("OP", () => rows(0x33, [0, 5])),
    instructionTest("OP-32", () => rows(0x3b, [0, 5])),
    instructionTest("OP-FP", () => rows(0x53, [0, 1, 2, 3, 4, 31])),
    instructionTest("AMO", () => rows(0x2f, [0, 5])),
    instructionTest("random words", randomWords),
    instructionTest("unused opcodes", unusedOpcodes),
    ...processors.map(extensionTest),
  ],
};
