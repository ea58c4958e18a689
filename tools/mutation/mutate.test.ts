import { describe, expect, it } from "vitest";
import { rd, rs1 } from "../../emulator/isa/operands.ts";
import { instructions } from "../../emulator/isa/table.ts";
import type { I64 } from "../../emulator/language/expression.ts";
import { block } from "../../emulator/language/statement.ts";
import { describeSemantics } from "../code/semantics.ts";
import { mutantsOf } from "./mutate.ts";
import { allPieces } from "./pieces.ts";
import { replaceIn } from "./replace.ts";

const pieces = allPieces();
const textOf = (name: string) => {
  const piece = pieces.find((p) => p.name === name);
  if (piece === undefined) throw new Error(`there is no piece "${name}"`);
  return [...mutantsOf(piece.body, piece.operands)].map(({ block }) => describeSemantics(block).join("\n"));
};

describe("mutants", () => {
  it("are what a slip of the hand would have made of an instruction", () => {
    expect(textOf("sub")).toEqual(["rd = rs1 + rs2", "rd = rs2 - rs2", "rd = rs1 - rs1", ""]);
  });

  it("of a load extend the other way", () => {
    const lbu = pieces.find((p) => p.name === "lbu")?.body ?? [];
    expect(textOf("lb")).toContain(describeSemantics(lbu).join("\n"));
  });

  it("are none where there is no difference: the sign of a field, the way of a shift by nothing", () => {
    const slips = (value: I64) =>
      [
        ...mutantsOf(
          block(() => rd.set(value)),
          new Set(["rs1"]),
        ),
      ].map(({ slip }) => slip);
    const field = slips(rs1.and(7).toI32().gtU(4).toU64());
    expect(field).toContain("ge_u for gt_u");
    expect(field).not.toContain("gt_s for gt_u");
    expect(slips(rs1.toI32().gtU(4).toU64())).toContain("gt_s for gt_u");
    expect(slips(rs1.shl(1))).toContain("shr_u for shl");
    expect(slips(rs1.shl(0))).not.toContain("shr_u for shl");
  });

  it("of instructions differ from what they were made of", () => {
    for (const { body, operands, name } of pieces.filter(({ kind }) => kind === "instruction")) {
      const original = describeSemantics(body).join("\n");
      for (const { slip, block } of mutantsOf(body, operands)) {
        expect(describeSemantics(block).join("\n"), `${name}: ${slip}`).not.toBe(original);
      }
    }
  });
});

describe("pieces", () => {
  it("are all instructions that stand for themselves, and what the hart does between instructions", () => {
    const own = instructions.filter(({ standsFor }) => standsFor === undefined).map(({ name }) => name);
    const names = pieces.filter(({ kind }) => kind === "instruction").map(({ name }) => name);
    expect(names).toEqual(own);
    const procedures = pieces.filter(({ kind }) => kind === "procedure").map(({ name }) => name);
    expect(procedures).toEqual(
      expect.arrayContaining(["takeTrap", "interruptToTake", "walk", "float32.add"]),
    );
  });
});

describe("replacing", () => {
  it("replaces a node wherever it stands, and nothing where nothing is to be replaced", () => {
    for (const { body } of pieces) {
      const same = replaceIn(body, { node: (n) => n, statement: (s) => s });
      expect(describeSemantics(same)).toEqual(describeSemantics(body));
    }
  });
});
