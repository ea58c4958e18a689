import { describe, expect, it } from "vitest";
import { Code } from "./code.ts";
import { textOf } from "./text.ts";

const names = {
  local: (index: number) => ["p", "q"][index] ?? `v${index}`,
  global: (index: number) => `g${index}`,
  function: (index: number) => ({ name: `f${index}`, parameters: index, results: index % 2 }),
  field: (address: string, offset: number) => (address === "$p" && offset === 8 ? "p.eight" : undefined),
};

const text = (write: (code: Code) => void, width = 120) => {
  const code = new Code(["i32", "i64"]);
  write(code);
  return textOf(code.instructions, names, width).map(({ depth, text }) => "  ".repeat(depth) + text);
};

describe("text of WebAssembly", () => {
  it("folds operands into what takes them", () => {
    expect(
      text((c) =>
        c
          .get(1)
          .i64(-5)
          .arithmetic("i64", "mul")
          .i64(1n << 40n)
          .compare("i64", "lt_u")
          .set(0),
      ),
    ).toEqual(["local.set $p (i64.lt_u (i64.mul $q -5) 0x10000000000)"]);
    expect(
      text((c) => c.get(0).get(0).load("i64.load", 8).get(1).load("i64.load8_u", 8).drop().drop().drop()),
    ).toEqual(["$p", "i64.load offset=p.eight $p", "drop (i64.load8_u offset=8 $q)", "drop", "drop"]);
  });

  it("has numbers that are named by their bits only loaded, moved and stored as numbers", () => {
    expect(
      text((c) => {
        const number = c.local("f64");
        c.get(0).load("i64.load", 8).floatConvert("f64.reinterpret_i64").set(number);
        c.get(number).floatConvert("i64.reinterpret_f64").floatConvert("f64.reinterpret_i64").set(number);
        c.get(0).get(number).floatConvert("i64.reinterpret_f64").store("i64.store", 16);
        c.get(0).get(number).floatConvert("i64.reinterpret_f64").get(1);
        c.arithmetic("i64", "add").store("i64.store", 16);
      }),
    ).toEqual([
      "local.set $v2 (f64.load offset=p.eight $p)",
      "local.set $v2 $v2",
      "f64.store offset=16 $p $v2",
      "i64.store offset=16 $p (i64.add (i64.reinterpret_f64 $v2) $q)",
    ]);
  });

  it("indents what nests, and names labels by their depth", () => {
    expect(
      text((c) =>
        c.block((out) =>
          c.loop((again) => {
            c.get(0).branchIf(out);
            c.get(0).if(
              () => c.i64(1),
              () => c.i64(2),
              "i64",
            );
            c.set(1).branch(again);
          }),
        ),
      ),
    ).toEqual([
      "block $1",
      "  loop $2",
      "    br_if $1 $p",
      "    if $p",
      "      1",
      "    else",
      "      2",
      "    end",
      "    local.set $q",
      "    br $2",
      "  end",
      "end",
    ]);
  });

  it("writes calls with as many operands as they take, and breaks long lines", () => {
    const calls = (c: Code) => c.get(1).call(1).get(0).call(2).i32(7).i32(8).i32(9).call(3).return();
    expect(text(calls)).toEqual(["call $f2 (call $f1 $q) $p", "return (call $f3 7 8 9)"]);
    expect(text(calls, 20)).toEqual(["call $f2", "  (call $f1 $q)", "  $p", "return", "  (call $f3 7 8 9)"]);
  });

  it("knows every instruction that can be written", () => {
    const lines = text((c) => {
      c.float("f64", 1.5).float("f32", 0.5).floatConvert("f64.promote_f32").floatArithmetic("f64", "div");
      c.floatUnary("f64", "sqrt").floatConvert("i64.trunc_sat_f64_s").convert("wrap").isZero().tailCall(1);
      c.getGlobal(3).setGlobal(4).get(0).i32(1).i32(2).fill().i64(1).i64(2).get(0).select().drop();
      c.get(0).tee(0).unary("i32", "extend32_s").drop().unreachable();
      c.switchOn(0, [1, 0], 2, () => c.i32(0).callIndirect(5));
    });
    expect(lines).toEqual([
      "return_call $f1 (i32.eqz (i32.wrap_i64 (i64.trunc_sat_f64_s (f64.sqrt (f64.div 1.5 (f64.promote_f32 0.5))))))",
      "global.set $g4 (global.get $g3)",
      "memory.fill $p 1 2",
      "drop (select 1 2 $p)",
      "drop (i32.extend32_s (local.tee $p $p))",
      "unreachable",
      "block $1",
      "  block $2",
      "    block $3",
      "      br_table $2 $3 $p",
      "    end",
      "    0",
      "    call_indirect (type 5)",
      "    br $1",
      "  end",
      "  0",
      "  call_indirect (type 5)",
      "  br $1",
      "end",
    ]);
  });
});
