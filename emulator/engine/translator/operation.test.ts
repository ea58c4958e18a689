import { describe, expect, it } from "vitest";
import { parseCpu } from "../../board/cpu.ts";
import { defaultOptions } from "../../board/options.ts";
import { placeMachine } from "../../board/placement.ts";
import { createDecoder } from "../../isa/decode.ts";
import { instructions } from "../../isa/table.ts";
import { randomWords } from "../../isa/testing/sample.ts";
import { Operations } from "./operation.ts";
import { specialise } from "./specialise.ts";
import type { Line } from "./testing/snippet.ts";
import { operationOf } from "./testing/snippet.ts";
import { textOf } from "./testing/text.ts";

const flow = (line: Line) => {
  const { flow: f } = operationOf(line);
  switch (f.kind) {
    case "jump":
      return f.link ? "call" : "jump";
    case "indirect":
      return f.returns ? "return" : f.link ? "indirect call" : "indirect jump";
    default:
      return f.kind;
  }
};

describe("where execution goes after an operation", () => {
  const lines: [string, ...Line][] = [
    ["next", "add", { rd: 5, rs1: 6, rs2: 7 }],
    ["next", "ld", { rd: 5, rs1: 6, immediate: 8 }],
    ["next", "sd", { rs1: 6, rs2: 5 }],
    ["next", "amoadd.w", { rd: 5, rs1: 6, rs2: 7 }],
    ["next", "lr.d", { rd: 5, rs1: 6 }],
    ["next", "div", { rd: 5, rs1: 6, rs2: 7 }],
    ["next", "fadd.d", { rd: 5, rs1: 6, rs2: 7 }],
    ["next", "auipc", { rd: 5, immediate: 0x1000 }],
    ["next", "fence"],
    ["next", "c.nop"],
    ["branch", "beq", { rs1: 5, rs2: 6, immediate: 16 }],
    ["branch", "c.bnez", { rs1: 8, immediate: -4 }],
    ["jump", "jal", { immediate: 8 }],
    ["jump", "c.j", { immediate: 8 }],
    ["call", "jal", { rd: 1, immediate: 8 }],
    ["call", "jal", { rd: 5, immediate: 8 }],
    ["jump", "jal", { rd: 7, immediate: 8 }],
    ["return", "jalr", { rs1: 1 }],
    ["return", "c.jr", { rs1: 1 }],
    ["indirect jump", "jalr", { rs1: 10 }],
    ["indirect call", "jalr", { rd: 1, rs1: 10 }],
    ["indirect call", "c.jalr", { rs1: 10 }],
    ["indirect call", "jalr", { rd: 1, rs1: 1 }],
    ["end", "ecall"],
    ["end", "ebreak"],
    ["end", "sret"],
    ["end", "mret"],
    ["end", "wfi"],
    ["next", "fence.i"],
    ["end", "sfence.vma", { rs1: 5 }],
  ];
  it.each(lines)("%s: %s %j", (expected, name, operands) => {
    expect(flow([name, operands ?? {}])).toBe(expected);
  });
});

describe("an operation", () => {
  it("keeps apart what it does from where it goes", () => {
    const { body, flow } = operationOf(["jalr", { rd: 1, rs1: 10, immediate: 4 }]);
    expect(flow.kind).toBe("indirect");
    expect(textOf(body).join("; ")).toMatch(/x\.rd = next/);
    expect(operationOf(["beq", { rs1: 5, rs2: 6, immediate: 8 }]).body).toEqual([]);
  });

  it("knows the access it makes: how far from which register, and how many bytes", () => {
    expect(operationOf(["lw", { rd: 5, rs1: 6, immediate: -8 }]).access).toEqual({
      writes: false,
      base: 6,
      offset: -8,
      bytes: 4,
    });
    expect(operationOf(["c.sdsp", { rs2: 6, immediate: 16 }]).access).toEqual({
      writes: true,
      base: 2,
      offset: 16,
      bytes: 8,
    });
    expect(operationOf(["fld", { rd: 5, rs1: 6 }]).access).toMatchObject({ writes: false, bytes: 8 });
    expect(operationOf(["add", { rd: 5 }]).access).toBeUndefined();
  });

  it("counts the accesses that it makes itself, not in procedures", () => {
    const accesses = (...line: Line) => operationOf(line).accesses;
    expect(accesses("add", { rd: 5 })).toBe(0);
    expect(accesses("sb", { rs1: 6 })).toBe(1);
    expect(accesses("sc.d", { rd: 5, rs1: 6, rs2: 7 })).toBe(0);
  });

  it("knows the registers it reads and writes, and that x0 is none of them", () => {
    expect(operationOf(["fmadd.d", { rd: 1, rs1: 2, rs2: 3, rs3: 4 }])).toMatchObject({
      reads: { x: [], f: [2, 3, 4] },
      writes: { x: [], f: [1] },
    });
    expect(operationOf(["add", { rd: 5, rs1: 0, rs2: 3 }])).toMatchObject({
      reads: { x: [3] },
      writes: { x: [5] },
    });
    expect(operationOf(["ld", { rd: 0, rs1: 3 }])).toMatchObject({ reads: { x: [3] }, writes: { x: [] } });
    expect(operationOf(["c.addi", { rd: 8, rs1: 8, immediate: 1 }])).toMatchObject({
      reads: { x: [8] },
      writes: { x: [8] },
    });
  });

  it("knows the registers that are numbers of double precision", () => {
    const doubles = (name: string) => operationOf([name, { rd: 1, rs1: 2, rs2: 3, rs3: 4 }]).doubles;
    expect(doubles("fmadd.d").toSorted()).toEqual([1, 2, 3, 4]);
    expect(doubles("fsub.d").toSorted()).toEqual([1, 2, 3]);
    expect(doubles("fcvt.s.d")).toEqual([2]);
    expect(doubles("fcvt.d.s")).toEqual([1]);
    expect(doubles("flt.d").toSorted()).toEqual([2, 3]);
    for (const name of ["fmadd.s", "flt.s", "fsgnj.d", "fld", "fsd"]) expect(doubles(name), name).toEqual([]);
  });

  it("is taken apart once for each word, and is none for an illegal one", () => {
    const line: Line = ["sub", { rd: 5, rs1: 6, rs2: 7 }];
    expect(operationOf(line)).toBe(operationOf(line));
    expect(() => operationOf(["c.addi4spn", { rd: 8 }])).toThrow(/does not decode/);
  });
});

describe("an operation that is worked out for all words of its instruction at once", () => {
  const cpu = parseCpu("max");
  const { settings } = placeMachine({ ...defaultOptions, engine: "auto", cpu, harts: 1 });
  const decode = createDecoder(instructions);

  it.each(instructions.map((entry) => [entry.name, entry] as const))("%s", (_, entry) => {
    const operations = new Operations(decode, settings, undefined);
    for (const word of randomWords(entry, 12)) {
      const decoded = decode(word);
      if (decoded === undefined) continue;
      const alone = textOf(specialise(decoded.instruction.semantics(), { settings, decoded }));
      const body = textOf(operations.of(word)?.body ?? []);
      const where = operations.of(word)?.flow.kind;
      const whole = where === "next" || where === "end";
      expect(body).toEqual(whole ? alone : alone.slice(0, body.length));
    }
  });
});
