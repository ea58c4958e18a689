import { expect, test } from "vitest";
import { ByteQueue } from "./byte-queue.ts";

test("bytes leave in the order in which they came, over chunk borders", () => {
  const queue = new ByteQueue();
  queue.push(Uint8Array.of(1, 2));
  queue.push(new Uint8Array(0));
  expect(queue.shift()).toBe(1);
  queue.push(Uint8Array.of(3));
  expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([2, 3, undefined, undefined]);
  queue.push(Uint8Array.of(4));
  expect(queue.shift()).toBe(4);
});

test("what is pushed is copied", () => {
  const queue = new ByteQueue();
  const bytes = Uint8Array.of(7);
  queue.push(bytes);
  bytes[0] = 8;
  expect(queue.shift()).toBe(7);
});
