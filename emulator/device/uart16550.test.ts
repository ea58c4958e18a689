import { beforeEach, describe, expect, test } from "vitest";
import { SERIAL_CELLS_BYTES, SerialCells } from "./serial-cells.ts";
import { Uart16550 } from "./uart16550.ts";

const [rbr, thr, dll] = [0, 0, 0];
const [ier, dlm] = [1, 1];
const [iir, fcr] = [2, 2];
const [lcr, mcr, lsr, msr, scr] = [3, 4, 5, 6, 7];

let sent: number[];
let levels: boolean[];
let edges: number;
let memory: DataView;
let cells: SerialCells;
let uart: Uart16550;
const write = (register: number, value: number) => uart.write(register, 1, value);
const read = (register: number) => uart.read(register);
const interrupting = () => levels.at(-1) ?? false;
const bytes = (count: number) => Uint8Array.from({ length: count }, (_, index) => index);

beforeEach(() => {
  memory = new DataView(new ArrayBuffer(SERIAL_CELLS_BYTES));
  cells = new SerialCells(memory);
  sent = [];
  levels = [];
  edges = 0;
  uart = new Uart16550(
    (byte) => sent.push(byte),
    (level) => levels.push(level),
    () => edges++,
    cells,
  );
});

test("after reset nothing is enabled, pending or received, and a terminal is there", () => {
  expect([ier, iir, lcr, mcr, lsr, msr, scr].map(read)).toEqual([0, 0x01, 0, 0, 0x60, 0xb0, 0]);
  expect(levels).toEqual([]);
});

test("what is written to THR is sent at once, one byte per access", () => {
  write(thr, 0x41);
  uart.write(thr, 4, 0x1242);
  expect(sent).toEqual([0x41, 0x42]);
  expect(read(lsr)).toBe(0x60);
});

test("the divisor latch hides THR, RBR and IER", () => {
  write(ier, 0x05);
  write(lcr, 0x83);
  write(dll, 0x34);
  write(dlm, 0x12);
  expect([read(dll), read(dlm), read(lcr)]).toEqual([0x34, 0x12, 0x83]);
  write(lcr, 0x03);
  expect(read(ier)).toBe(0x05);
  expect(sent).toEqual([]);
});

test("registers keep the bits they have", () => {
  write(ier, 0xff);
  write(mcr, 0xef);
  write(scr, 0xa5);
  expect([read(ier), read(mcr), read(scr)]).toEqual([0x0f, 0x0f, 0xa5]);
  write(8, 0xff);
  expect(read(8)).toBe(0);
});

describe("receiving", () => {
  test("without FIFO, characters come one by one and none is lost", () => {
    uart.receive(bytes(100));
    for (let index = 0; index < 100; index++) {
      expect(read(lsr)).toBe(0x61);
      expect(read(rbr)).toBe(index);
    }
    expect(read(lsr)).toBe(0x60);
    expect(read(rbr)).toBe(0);
  });

  test("with FIFO, pasted text of any length arrives in order without overrun", () => {
    write(fcr, 0x01);
    uart.receive(bytes(200));
    uart.receive(bytes(56));
    const got: number[] = [];
    while (read(lsr) === 0x61) got.push(read(rbr));
    expect(got).toEqual([...bytes(200), ...bytes(56)]);
    expect(read(lsr)).toBe(0x60);
  });

  test("the caller may reuse its buffer", () => {
    const buffer = bytes(3);
    uart.receive(buffer);
    buffer.fill(9);
    expect([read(rbr), read(rbr), read(rbr)]).toEqual([0, 1, 2]);
  });

  test.each([
    [0x01, 1],
    [0x41, 4],
    [0x81, 8],
    [0xc1, 14],
  ])("FCR %x interrupts at %i characters and times out below", (control, trigger) => {
    write(fcr, control);
    write(ier, 0x01);
    uart.receive(bytes(trigger));
    expect(interrupting()).toBe(true);
    expect(read(iir)).toBe(0xc4);
    read(rbr);
    expect(read(iir)).toBe(trigger === 1 ? 0xc1 : 0xcc);
    expect(interrupting()).toBe(trigger !== 1);
    for (let left = trigger - 1; left > 0; left--) read(rbr);
    expect(read(iir)).toBe(0xc1);
    expect(levels).toEqual([true, false]);
  });

  test("nothing interrupts while the interrupt is disabled", () => {
    uart.receive(bytes(1));
    expect(read(iir)).toBe(0x01);
    write(ier, 0x01);
    expect(read(iir)).toBe(0x04);
    write(ier, 0x00);
    expect(levels).toEqual([true, false]);
  });

  test("clearing the FIFO drops what stands in it, not what waits outside", () => {
    write(fcr, 0x01);
    uart.receive(bytes(20));
    write(fcr, 0x03);
    expect(read(rbr)).toBe(16);
  });

  test("clear bits without the enable bit count for nothing but the change of mode", () => {
    uart.receive(bytes(2));
    write(fcr, 0xc2);
    expect(read(rbr)).toBe(0);
    expect(read(iir)).toBe(0x01);
    write(fcr, 0x01);
    expect(read(lsr)).toBe(0x60);
  });
});

describe("transmitter-empty interrupt", () => {
  test("comes on enabling, goes on reading IIR, comes again after a character", () => {
    write(ier, 0x02);
    expect(edges).toBe(1);
    expect(read(iir)).toBe(0x02);
    expect(read(iir)).toBe(0x01);
    write(thr, 0x41);
    expect(edges).toBe(2);
    expect(read(iir)).toBe(0x02);
    expect(levels).toEqual([]);
  });

  test("asks once for every character of a driver that never reads IIR", () => {
    write(ier, 0x03);
    for (const byte of bytes(3)) write(thr, byte);
    read(lsr);
    expect(edges).toBe(4);
    expect(levels).toEqual([]);
  });

  test("asks again when what was served first has gone", () => {
    write(ier, 0x03);
    uart.receive(bytes(1));
    expect(interrupting()).toBe(true);
    read(rbr);
    expect(interrupting()).toBe(false);
    expect(edges).toBe(2);
  });

  test("does not come again by writing the same enable bits", () => {
    write(ier, 0x02);
    read(iir);
    write(ier, 0x03);
    expect(read(iir)).toBe(0x01);
    write(ier, 0x00);
    write(ier, 0x02);
    expect(read(iir)).toBe(0x02);
  });

  test("stays pending while something of higher priority is read", () => {
    write(ier, 0x03);
    uart.receive(bytes(1));
    expect(read(iir)).toBe(0x04);
    read(rbr);
    expect(read(iir)).toBe(0x02);
    expect(read(iir)).toBe(0x01);
  });
});

describe("loopback", () => {
  test("sends to its own receiver and keeps both ends quiet", () => {
    uart.receive(bytes(0));
    write(mcr, 0x10);
    write(thr, 0x5a);
    uart.receive(Uint8Array.of(0x77));
    expect(sent).toEqual([]);
    expect(read(rbr)).toBe(0x5a);
    expect(read(lsr)).toBe(0x60);
    write(mcr, 0x00);
    expect(read(rbr)).toBe(0x77);
  });

  test("without FIFO an overrun replaces the character", () => {
    write(mcr, 0x10);
    write(ier, 0x04);
    write(thr, 1);
    write(thr, 2);
    expect(read(iir)).toBe(0x06);
    expect(interrupting()).toBe(true);
    expect(read(lsr)).toBe(0x63);
    expect(interrupting()).toBe(false);
    expect(read(lsr)).toBe(0x61);
    expect(read(rbr)).toBe(2);
  });

  test("with FIFO an overrun loses the newest", () => {
    write(fcr, 0x01);
    write(mcr, 0x10);
    for (let index = 0; index < 17; index++) write(thr, index);
    expect(read(lsr)).toBe(0x63);
    for (let index = 0; index < 16; index++) expect(read(rbr)).toBe(index);
    expect(read(lsr)).toBe(0x60);
  });

  test.each([
    [0x01, 0x20],
    [0x02, 0x10],
    [0x04, 0x40],
    [0x08, 0x80],
    [0x0f, 0xf0],
  ])("modem output %x shows as input %x", (output, input) => {
    write(mcr, 0x10 | output);
    expect(read(msr) & 0xf0).toBe(input);
    write(mcr, 0x00);
    expect(read(msr) & 0xf0).toBe(0xb0);
  });

  test("changed inputs set deltas until MSR is read, ring only on its trailing edge", () => {
    write(ier, 0x08);
    write(mcr, 0x1b);
    expect(read(msr)).toBe(0xb0);
    write(mcr, 0x1c);
    expect(interrupting()).toBe(true);
    expect(read(iir)).toBe(0x00);
    expect(read(msr)).toBe(0xc3);
    expect(read(iir)).toBe(0x01);
    write(mcr, 0x18);
    expect(read(msr)).toBe(0x84);
    expect(read(msr)).toBe(0x80);
    expect(interrupting()).toBe(false);
  });
});

test("interrupts are named in the order of their priority", () => {
  write(mcr, 0x10);
  write(thr, 1);
  write(thr, 2);
  write(ier, 0x0f);
  expect(read(iir)).toBe(0x06);
  read(lsr);
  expect(read(iir)).toBe(0x04);
  read(rbr);
  expect(read(iir)).toBe(0x02);
  expect(read(iir)).toBe(0x00);
  read(msr);
  expect(read(iir)).toBe(0x01);
  expect(levels).toEqual([true, false, true, false]);
  expect(edges).toBe(1);
});
