import { beforeEach, describe, expect, test } from "vitest";
import type { DirectMemory } from "./device.ts";
import { Htif } from "./htif.ts";

const base = 0x8000_0000;
const [tohost, fromhost, call, text] = [base, base + 8, base + 0x40, base + 0x80];
const getCharacter = 0x0100_0000_0000_0000n;
const putCharacter = 0x0101_0000_0000_0000n;

let ram: Uint8Array;
let view: DataView;
let output: string;
let statuses: number[];
let htif: Htif;

const memory: DirectMemory = {
  read: (address, length) =>
    address >= base && address + length <= base + ram.length
      ? ram.slice(address - base, address - base + length)
      : undefined,
  write: (address, bytes) => {
    if (address < base || address + bytes.length > base + ram.length) return false;
    ram.set(bytes, address - base);
    return true;
  },
};

beforeEach(() => {
  ram = new Uint8Array(0x1000);
  view = new DataView(ram.buffer);
  output = "";
  statuses = [];
  htif = new Htif({
    memory,
    tohost,
    fromhost,
    transmit: (bytes) => {
      output += new TextDecoder().decode(bytes);
    },
    powerOff: (status) => statuses.push(status),
  });
});

const load = (address: number) => view.getBigUint64(address - base, true);
const store = (address: number, value: bigint) => view.setBigUint64(address - base, value, true);

function request(value: bigint): void {
  store(tohost, value);
  htif.tohostWritten(value);
}

function systemCall(...words: bigint[]): bigint {
  for (const [index, word] of words.entries()) store(call + index * 8, word);
  request(BigInt(call));
  return BigInt.asIntN(64, load(call));
}

describe("exit", () => {
  test.each([
    [1n, 0],
    [3n, 1],
    [(42n << 1n) | 1n, 42],
    [(256n << 1n) | 1n, 255],
    [0xffff_ffff_ffffn, 255],
  ])("tohost = %x exits with %i", (value, status) => {
    request(value);
    expect(statuses).toEqual([status]);
    expect(load(tohost)).toBe(0n);
  });

  test("also by system call", () => {
    systemCall(93n, 7n, 0n, 0n);
    expect(statuses).toEqual([7]);
  });
});

describe("system calls", () => {
  beforeEach(() => {
    ram.set(new TextEncoder().encode("hello"), text - base);
  });

  test("write prints, answers the count and acknowledges", () => {
    expect(systemCall(64n, 1n, BigInt(text), 5n)).toBe(5n);
    expect(output).toBe("hello");
    expect(load(fromhost)).toBe(1n);
    expect(load(tohost)).toBe(0n);
  });

  test.each([
    ["another file", [64n, 3n, BigInt(text), 5n], -9n],
    ["memory outside RAM", [64n, 1n, 0x1000n, 5n], -14n],
    ["an absurd address", [64n, 1n, 0xffff_ffff_ffff_ffffn, 5n], -14n],
    ["an absurd length", [64n, 2n, BigInt(text), 0xffff_ffff_ffff_ffffn], -14n],
    ["another call", [57n, 1n, 0n, 0n], -38n],
  ])("%s fails with an error number", (_, words, error) => {
    expect(systemCall(...words)).toBe(error);
    expect(output).toBe("");
    expect(load(fromhost)).toBe(1n);
  });

  test("a long write is cut short", () => {
    ram = new Uint8Array(0x2_0000);
    view = new DataView(ram.buffer);
    expect(systemCall(64n, 1n, BigInt(text), 100_000n)).toBe(65_536n);
    expect(output.length).toBe(65_536);
  });

  test("a call outside RAM gets no answer", () => {
    request(0x1000n);
    request(BigInt(base + 0x1000 - 16));
    expect(load(fromhost)).toBe(0n);
    expect(statuses).toEqual([]);
  });
});

describe("console", () => {
  test("putchar prints the byte and frees tohost, without an answer", () => {
    request(putCharacter | 0x41n);
    expect(output).toBe("A");
    expect([load(tohost), load(fromhost)]).toEqual([0n, 0n]);
  });

  test("getchar waits for a character", () => {
    request(getCharacter);
    expect(load(fromhost)).toBe(0n);
    htif.receive(Uint8Array.of(0x61, 0x62));
    expect(load(fromhost)).toBe(getCharacter | 0x61n);
    store(fromhost, 0n);
    htif.poll();
    expect(load(fromhost)).toBe(0n);
    request(getCharacter);
    expect(load(fromhost)).toBe(getCharacter | 0x62n);
  });

  test("an answer waits until the last one was taken", () => {
    htif.receive(Uint8Array.of(0x61));
    store(fromhost, 1n);
    request(getCharacter);
    expect(load(fromhost)).toBe(1n);
    store(fromhost, 0n);
    htif.poll();
    expect(load(fromhost)).toBe(getCharacter | 0x61n);
  });
});

test("zero, unknown devices and unknown commands do nothing", () => {
  for (const value of [0n, 0x0200_0000_0000_0001n, 0x0102_0000_0000_0000n, 0x0001_0000_0000_0001n])
    request(value);
  expect([output, statuses, load(fromhost)]).toEqual(["", [], 0n]);
});

test("registers outside RAM harm nobody", () => {
  htif = new Htif({
    memory,
    tohost: 0,
    fromhost: 8,
    transmit: () => {},
    powerOff: (status) => statuses.push(status),
  });
  htif.receive(Uint8Array.of(1));
  htif.tohostWritten(getCharacter);
  htif.tohostWritten(1n);
  expect(statuses).toEqual([0]);
});
