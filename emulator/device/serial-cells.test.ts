import { beforeEach, expect, test } from "vitest";
import * as map from "../board/memory-map.ts";
import { defaultOptions } from "../board/options.ts";
import { placeMachine } from "../board/placement.ts";
import { contextOf, Evaluator } from "../engine/reference/evaluate.ts";
import { readVirtual, writeVirtual } from "../memory/virtual.ts";
import { readLineStatus, SERIAL_CELLS_BYTES, SerialCells, sendByte } from "./serial-cells.ts";
import { Uart16550 } from "./uart16550.ts";

const [thr, ier, lcr, mcr, lsr] = [0, 1, 3, 4, 5];

const placement = placeMachine({ ...defaultOptions, engine: "reference", memory: 4096 });
const nowhere = () => {
  throw new Error("this needs no host");
};
const host = { deviceAt: nowhere, deviceRead: nowhere, deviceWrite: nowhere, storeObserved: nowhere };
const evaluator = new Evaluator(
  { settings: placement.settings, host },
  { readVirtual: readVirtual.procedure, writeVirtual: writeVirtual.procedure },
);

let memory: Uint8Array;
let sent: number[];
let uart: Uart16550;

const call = (procedure: Parameters<typeof evaluator.call>[0], ...values: (number | bigint)[]) =>
  evaluator.call(procedure, contextOf(memory.buffer, 0), values);
const lineStatus = (register = lsr, bytes = 1) =>
  call(readLineStatus.procedure, map.serial.base + register, bytes);
const send = (byte: number, register = thr, bytes = 1) =>
  call(sendByte.procedure, map.serial.base + register, bytes, BigInt(byte));

beforeEach(() => {
  memory = new Uint8Array(placement.bytes);
  sent = [];
  uart = new Uart16550(
    (byte) => sent.push(byte),
    () => {},
    () => {},
    new SerialCells(new DataView(memory.buffer, placement.serialCells, SERIAL_CELLS_BYTES)),
  );
});

test("the line status is known as long as reading it changes nothing", () => {
  expect(lineStatus()).toBe(0x60);
  uart.receive(Uint8Array.of(1));
  expect(lineStatus()).toBe(0x61);
  uart.read(thr);
  expect(lineStatus()).toBe(0x60);
});

test("an overrun is the port's to tell, once", () => {
  uart.write(mcr, 1, 0x10);
  uart.write(thr, 1, 1);
  uart.write(thr, 1, 2);
  expect(lineStatus()).toBe(0);
  expect(uart.read(lsr)).toBe(0x63);
  expect(lineStatus()).toBe(0x61);
});

test("other registers and wider accesses are the port's", () => {
  expect([lineStatus(thr), lineStatus(4, 4), lineStatus(lsr, 2)]).toEqual([0, 0, 0]);
  expect([send(1, ier), send(1, thr, 4)]).toEqual([0, 0]);
});

test("bytes are sent in order, before anything else that the port does", () => {
  for (const byte of [0x41, 0x1_42]) expect(send(byte)).toBe(1);
  expect(sent).toEqual([]);
  uart.write(thr, 1, 0x43);
  expect(sent).toEqual([0x41, 0x42, 0x43]);
  send(0x44);
  uart.flush();
  uart.flush();
  expect(sent).toEqual([0x41, 0x42, 0x43, 0x44]);
});

test("a byte that interrupts, loops back or goes to the divisor is the port's", () => {
  for (const [register, value] of [
    [ier, 0x02],
    [mcr, 0x10],
    [lcr, 0x80],
  ] as const) {
    uart.write(register, 1, value);
    expect(send(0x41)).toBe(0);
    uart.write(register, 1, 0);
    expect(send(0x42)).toBe(1);
  }
});

test("the transmitter interrupts after bytes that were sent before it was asked to", () => {
  send(0x41);
  uart.write(ier, 1, 0x02);
  expect(uart.read(2)).toBe(0x02);
});

test("when there is no more room the port takes the byte", () => {
  let taken = 0;
  while (send(taken & 0xff) === 1) taken++;
  expect(taken).toBeGreaterThan(4000);
  expect(taken).toBeLessThan(SERIAL_CELLS_BYTES);
  uart.write(thr, 1, taken & 0xff);
  expect(sent).toEqual(Array.from({ length: taken + 1 }, (_, i) => i & 0xff));
});
