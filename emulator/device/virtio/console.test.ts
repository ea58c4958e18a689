import { expect, test } from "vitest";
import { ConsoleDevice } from "./console.ts";
import { type DriverQueue, RAM_BASE, REGISTER, TestDriver, WRITE } from "./test-driver.ts";

const BUFFER = RAM_BASE + 0x2_0000;

class Terminal {
  printed = "";
  readonly device: ConsoleDevice;
  readonly driver: TestDriver;
  readonly receive: DriverQueue;
  readonly transmit: DriverQueue;

  constructor(size?: { columns: number; rows: number }) {
    this.device = new ConsoleDevice((bytes) => {
      this.printed += Buffer.from(bytes).toString("latin1");
    }, size);
    this.driver = new TestDriver(this.device);
    const [receive, transmit] = this.driver.start(this.driver.offered());
    if (receive === undefined || transmit === undefined) throw new Error("queues missing");
    this.receive = receive;
    this.transmit = transmit;
  }

  offerBuffer(index: number, length: number): number {
    const address = BUFFER + index * 4096;
    this.receive.describe(index, { address, length, flags: WRITE });
    this.driver.send(this.receive, index);
    return address;
  }

  text(address: number, length: number): string {
    return Buffer.from(this.driver.peek(address, length)).toString("latin1");
  }
}

test("prints what the guest sends, however it is cut", () => {
  const terminal = new Terminal();
  terminal.driver.poke(BUFFER, Buffer.from("hello, world\n"));
  terminal.transmit.chain(0, [
    { address: BUFFER, length: 5, flags: 0 },
    { address: BUFFER + 5, length: 8, flags: 0 },
  ]);
  terminal.driver.send(terminal.transmit, 0);
  expect(terminal.printed).toBe("hello, world\n");
  expect(terminal.transmit.completed()).toEqual([{ id: 0, length: 0 }]);
});

test("prints long buffers whole", () => {
  const terminal = new Terminal();
  terminal.driver.ram.bytes.fill(0x61, 0x2_0000, 0x2_0000 + 200_000);
  terminal.transmit.describe(0, { address: BUFFER, length: 200_000, flags: 0 });
  terminal.driver.send(terminal.transmit, 0);
  expect(terminal.printed).toBe("a".repeat(200_000));
});

test("a notification prints at most 1 MiB", () => {
  const terminal = new Terminal();
  terminal.transmit.chain(
    0,
    [0, 1, 2].map(() => ({ address: BUFFER, length: 800_000, flags: 0 })),
  );
  terminal.driver.send(terminal.transmit, 0);
  expect(terminal.printed.length).toBeLessThanOrEqual(1 << 20);
  expect(terminal.driver.needsReset).toBe(true);
});

test("gives typed bytes to the buffer that waits", () => {
  const terminal = new Terminal();
  const address = terminal.offerBuffer(0, 4096);
  expect(terminal.receive.completed()).toEqual([]);
  terminal.device.receive(Buffer.from("ls\r"));
  expect(terminal.receive.completed()).toEqual([{ id: 0, length: 3 }]);
  expect(terminal.text(address, 3)).toBe("ls\r");
});

test("keeps typed bytes, in order, until buffers come", () => {
  const terminal = new Terminal();
  terminal.device.receive(Buffer.from("abc"));
  terminal.device.receive(Buffer.from("defg"));
  const [first, second] = [terminal.offerBuffer(0, 5), terminal.offerBuffer(1, 5)];
  expect(terminal.receive.completed()).toEqual([
    { id: 0, length: 5 },
    { id: 1, length: 2 },
  ]);
  expect(terminal.text(first, 5) + terminal.text(second, 2)).toBe("abcdefg");
});

test("typed bytes survive the driver's start", () => {
  const device = new ConsoleDevice(() => {});
  const driver = new TestDriver(device);
  device.receive(Buffer.from("early"));
  const [receive] = driver.start(0n);
  receive?.describe(0, { address: BUFFER, length: 16, flags: WRITE });
  if (receive) driver.send(receive, 0);
  expect(receive?.completed()).toEqual([{ id: 0, length: 5 }]);
});

test("loses typed bytes beyond 64 KiB", () => {
  const terminal = new Terminal();
  terminal.device.receive(new Uint8Array(60_000));
  terminal.device.receive(new Uint8Array(60_000));
  terminal.offerBuffer(0, 0x2_0000);
  expect(terminal.receive.completed()).toEqual([{ id: 0, length: 65_536 }]);
});

test("a buffer without room comes back empty and does not stop the next", () => {
  const terminal = new Terminal();
  terminal.offerBuffer(0, 0);
  terminal.offerBuffer(1, 8);
  terminal.device.receive(Buffer.from("x"));
  expect(terminal.receive.completed()).toEqual([
    { id: 0, length: 0 },
    { id: 1, length: 1 },
  ]);
});

test("offers its size only when it has one", () => {
  expect(new Terminal().driver.offered() & 1n).toBe(0n);
  const { driver } = new Terminal({ columns: 80, rows: 24 });
  expect(driver.get(REGISTER.deviceId)).toBe(3);
  expect(driver.offered() & 1n).toBe(1n);
  expect(driver.get(REGISTER.config)).toBe(80 | (24 << 16));
});

test("a new size raises a configuration interrupt", () => {
  const terminal = new Terminal({ columns: 80, rows: 24 });
  terminal.device.resize({ columns: 200, rows: 60 });
  expect(terminal.driver.get(REGISTER.interruptStatus)).toBe(2);
  expect(terminal.driver.get(REGISTER.config)).toBe(200 | (60 << 16));
});
