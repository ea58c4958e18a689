import { describe, expect, it } from "vitest";
import { SymbolTable } from "../../../emulator/board/symbols.ts";
import { busyGuest, FakeMachine } from "../../../test/support/fake-machine.ts";
import { type Line, look, plainText } from "../line.ts";
import { takeSnapshot } from "../snapshot.ts";
import { describeSatp } from "./translation.ts";
import type { Scene, ViewContent } from "./view.ts";
import { views } from "./views.ts";

const start = 0x8000_0000n;

function scene(machine: FakeMachine, change: () => void = () => {}): Scene {
  const [hart] = machine.harts;
  if (hart === undefined) throw new Error("a fake machine has one hart");
  const before = takeSnapshot(hart);
  change();
  const symbols = new SymbolTable([
    { name: "main", kind: "function", address: start, bytes: 64n, sectionEnd: start + 64n, global: true },
  ]);
  return { machine, hart, symbols, now: takeSnapshot(hart), before };
}

function withCode(...words: number[]): FakeMachine {
  const machine = new FakeMachine(busyGuest);
  words.forEach((word, index) => {
    for (let byte = 0; byte < 4; byte++) {
      machine.memory.set(start + BigInt(index * 4 + byte), (word >>> (8 * byte)) & 0xff);
    }
  });
  return machine;
}

const size = { width: 80, height: 8 };
const texts = ({ lines }: ViewContent) => lines.map(({ content }) => plainText(content));
const changed = (lines: readonly Line[]) =>
  lines.flat().flatMap(({ text, look: spanLook }) => (spanLook === look.changed ? text : []));

describe("registers", () => {
  it("shows pc and 31 registers in eight lines of 80", () => {
    const machine = new FakeMachine(busyGuest);
    machine.harts[0]?.registers.set(31, 0xabcdn);
    const shown = texts(views.registers(scene(machine), size));
    expect(shown).toHaveLength(8);
    expect(shown.every((text) => text.length === 80)).toBe(true);
    expect(shown[0]).toMatch(/^pc 0000000080000000 ra /);
    expect(shown[7]?.trimEnd()).toMatch(/t6 000000000000abcd$/);
  });

  it("marks what changed", () => {
    const machine = new FakeMachine(busyGuest);
    const changing = scene(machine, () => machine.harts[0]?.registers.set(10, 0x1234n));
    expect(changed(views.registers(changing, size).lines.map(({ content }) => content))).toEqual(["1234"]);
  });
});

describe("code", () => {
  it("shows the function around pc, with a mark at it and at breakpoints", () => {
    const machine = withCode(0x0010_0513, 0x0000_0073, 0x0000_8067);
    const [hart] = machine.harts;
    if (hart) hart.pc = start + 4n;
    machine.breakpoints.add(start + 8n);
    const shown = texts(views.code(scene(machine), size));
    expect(shown[0]).toBe("main:");
    expect(shown[1]).toMatch(/^ {2} +80000000 {2}00100513 {2}li +a0,1$/);
    expect(shown[2]).toMatch(/^ ▶ +80000004 {2}00000073 {2}ecall$/);
    expect(shown[3]).toMatch(/^● +80000008 {2}00008067 {2}ret$/);
  });
});

describe("traps", () => {
  it("shows the newest that fit", () => {
    const machine = new FakeMachine(busyGuest);
    for (let index = 0; index < 20; index++) {
      machine.trapRecords.push({
        hart: 0,
        instructions: BigInt(index * 1000),
        interrupt: index === 19,
        cause: 5,
        pc: start,
        tval: 0x10n,
        from: "U",
        to: "S",
      });
    }
    const content = views.traps(scene(machine), size);
    expect(content.start).toBe(12);
    expect(texts(content)[0]).toMatch(/0 h0 U→S load access fault +main tval 0x10/);
    expect(texts(content)[19]).toMatch(/19,000 h0 U→S supervisor timer interrupt/);
  });
});

describe("translation", () => {
  it("reads satp", () => {
    expect(describeSatp(0n)).toBe("Bare");
    expect(describeSatp((8n << 60n) | (7n << 44n) | 0x80200n)).toBe("Sv39 asid 7 root 80200000");
  });

  it("lists what the TLB holds", () => {
    const machine = new FakeMachine(busyGuest);
    const entry = { set: 3, way: 1, asid: 5, virtual: 0x1000n, physical: 0x8000_1000n, bytes: 0x20_0000n };
    machine.harts[0]?.entries.push(
      { ...entry, global: false, permissions: "r-xu-a-", memoryType: "main" },
      { ...entry, global: true, bytes: 0x1_0000n, permissions: "rw--ga-", memoryType: "io" },
    );
    const shown = texts(views.translation(scene(machine), size)).join("\n");
    expect(shown).toMatch(/asid 5 +0000000000001000 → +80001000 +2M r-xu-a-/);
    expect(shown).toMatch(/global +0000000000001000 .* 64K rw--ga- io/);
  });
});
