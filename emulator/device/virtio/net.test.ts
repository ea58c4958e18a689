import { expect, test } from "vitest";
import { NetworkDevice } from "./net.ts";
import { type DriverQueue, RAM_BASE, REGISTER, TestDriver, WRITE } from "./test-driver.ts";

const MAC = Uint8Array.of(0x52, 0x54, 0, 0x12, 0x34, 0x56);
const BUFFER = RAM_BASE + 0x2_0000;

class Card {
  readonly sent: Uint8Array[] = [];
  readonly device = new NetworkDevice(MAC, (frame) => this.sent.push(frame));
  readonly driver = new TestDriver(this.device);
  readonly receive: DriverQueue;
  readonly transmit: DriverQueue;

  constructor() {
    const [receive, transmit] = this.driver.start(0n);
    if (receive === undefined || transmit === undefined) throw new Error("queues missing");
    this.receive = receive;
    this.transmit = transmit;
  }

  /** Offers receive buffer `index`, `length` bytes long. */
  offerBuffer(index: number, length = 1600): number {
    const address = BUFFER + index * 2048;
    this.receive.describe(index, { address, length, flags: WRITE });
    this.driver.send(this.receive, index);
    return address;
  }

  /** Sends a frame of `length` bytes, header apart. */
  send(length: number): Uint8Array {
    const bytes = frame(length);
    this.driver.poke(BUFFER, bytes);
    this.transmit.chain(0, [
      { address: BUFFER - 64, length: 12, flags: 0 },
      { address: BUFFER, length, flags: 0 },
    ]);
    this.driver.send(this.transmit, 0);
    return bytes;
  }
}

function frame(length: number, first = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (first + index * 7) & 0xff);
}

test("tells its address and that the link is up", () => {
  const { driver } = new Card();
  expect(driver.get(REGISTER.deviceId)).toBe(1);
  expect(driver.offered() & ((1n << 5n) | (1n << 16n))).toBe((1n << 5n) | (1n << 16n));
  const config = Array.from({ length: 6 }, (_, index) => driver.mmio.read(REGISTER.config + index, 1));
  expect(config).toEqual([...MAC]);
  expect(driver.mmio.read(REGISTER.config + 6, 2)).toBe(1);
});

test("a MAC address of another length is the caller's mistake", () => {
  expect(() => new NetworkDevice(Uint8Array.of(1, 2), () => {})).toThrow("6 bytes");
});

test("sends a frame without its header", () => {
  const card = new Card();
  const bytes = card.send(60);
  expect(card.sent).toEqual([bytes]);
  expect(card.transmit.completed()).toEqual([{ id: 0, length: 0 }]);
});

test("header and frame may share a buffer", () => {
  const card = new Card();
  card.driver.poke(BUFFER + 12, frame(42));
  card.transmit.describe(0, { address: BUFFER, length: 54, flags: 0 });
  card.driver.send(card.transmit, 0);
  expect(card.sent).toEqual([frame(42)]);
});

test("drops runts and giants, and goes on", () => {
  const card = new Card();
  card.send(13);
  card.send(1519);
  expect(card.sent).toEqual([]);
  expect(card.device.dropped).toBe(2);
  card.send(14);
  card.send(1518);
  expect(card.sent.map(({ length }) => length)).toEqual([14, 1518]);
  expect(card.transmit.completed()).toHaveLength(4);
});

test("a frame without its header breaks the device", () => {
  const card = new Card();
  card.transmit.describe(0, { address: BUFFER, length: 11, flags: 0 });
  card.driver.send(card.transmit, 0);
  expect(card.driver.needsReset).toBe(true);
  expect(card.sent).toEqual([]);
});

test("delivers into a buffer that waits", () => {
  const card = new Card();
  const address = card.offerBuffer(0);
  expect(card.receive.completed()).toEqual([]);
  card.device.receive(frame(100));
  expect(card.receive.completed()).toEqual([{ id: 0, length: 112 }]);
  expect(card.driver.peek(address, 12)).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0));
  expect(card.driver.peek(address + 12, 100)).toEqual(frame(100));
  expect(card.driver.line).toBe(true);
});

test("keeps frames, in order, until buffers come", () => {
  const card = new Card();
  const source = frame(50, 1);
  card.device.receive(source);
  source.fill(0);
  card.device.receive(frame(50, 2));
  const [first, second] = [card.offerBuffer(0), card.offerBuffer(1)];
  expect(card.driver.peek(first + 12, 50)).toEqual(frame(50, 1));
  expect(card.driver.peek(second + 12, 50)).toEqual(frame(50, 2));
});

test("loses frames when 256 wait already", () => {
  const card = new Card();
  for (let count = 0; count < 300; count++) card.device.receive(frame(60, count));
  expect(card.device.dropped).toBe(44);
  const address = card.offerBuffer(0);
  expect(card.driver.peek(address + 12, 60)).toEqual(frame(60, 0));
  card.device.receive(frame(60));
  expect(card.device.dropped).toBe(44);
});

test("loses runts and giants from the cable", () => {
  const card = new Card();
  card.offerBuffer(0);
  card.device.receive(frame(13));
  card.device.receive(frame(1519));
  expect(card.device.dropped).toBe(2);
  expect(card.receive.completed()).toEqual([]);
});

test("a buffer too small for the frame comes back empty", () => {
  const card = new Card();
  card.offerBuffer(0, 111);
  card.device.receive(frame(100));
  expect(card.receive.completed()).toEqual([{ id: 0, length: 0 }]);
  expect(card.device.dropped).toBe(1);
  expect(card.driver.needsReset).toBe(false);
});

test("a reset forgets the frames that waited", () => {
  const card = new Card();
  card.device.receive(frame(60));
  card.driver.ram.bytes.fill(0);
  const [receive] = card.driver.start(0n);
  receive?.describe(0, { address: BUFFER, length: 1600, flags: WRITE });
  if (receive) card.driver.send(receive, 0);
  expect(receive?.completed()).toEqual([]);
});

test("a loop on the cable delivers what is sent", () => {
  const looped: NetworkDevice = new NetworkDevice(MAC, (bytes) => looped.receive(bytes));
  const wired = new TestDriver(looped);
  const [receive, transmit] = wired.start(0n);
  if (!receive || !transmit) throw new Error("queues missing");
  receive.describe(0, { address: BUFFER, length: 1600, flags: WRITE });
  wired.send(receive, 0);
  wired.poke(BUFFER + 4096 + 12, frame(64));
  transmit.describe(0, { address: BUFFER + 4096, length: 76, flags: 0 });
  wired.send(transmit, 0);
  expect(receive.completed()).toEqual([{ id: 0, length: 76 }]);
  expect(wired.peek(BUFFER + 12, 64)).toEqual(frame(64));
});
