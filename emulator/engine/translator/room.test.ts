import { expect, it } from "vitest";
import { LINK_BYTES, LINKS_OFFSET, MOST_REGIONS } from "../interpreter/slot.ts";
import type { BatchRecord } from "./batch.ts";
import { Room } from "./room.ts";

const LINKS = 0x1000 + LINKS_OFFSET;

const region = (number: number) => ({
  number,
  place: 0,
  flat: false,
  need: 1,
  instructions: 1,
  lines: new Map(),
  code: new Map(),
});
const batch = (
  numbers: readonly number[],
  links: readonly (readonly [number, number])[],
  bytes = 0,
): BatchRecord => ({
  bytes: new Uint8Array(bytes),
  regions: numbers.map(region),
  calls: [],
  others: [],
  links: new Map(links),
  decoded: new Map(),
});

it("gives numbers one after the other, and each place one link", () => {
  const room = new Room(0x1000);
  expect([room.take(3), room.take(1)]).toEqual([0, 3]);
  expect([5, 7, 5].map((place) => room.linkTo(place))).toEqual([LINKS, LINKS + LINK_BYTES, LINKS]);
  room.clear();
  expect([room.take(1), room.linkTo(9)]).toEqual([0, LINKS]);
});

it("leaves to batches of another room what they have, whatever is missing of it", () => {
  const room = new Room(0x1000);
  room.reserve([batch([4, 5], [[10, LINKS + 40]]), batch([2], [[20, LINKS + 8]])]);
  expect(room.take(1)).toBe(6);
  expect([10, 20, 30].map((place) => room.linkTo(place))).toEqual([LINKS + 40, LINKS + 8, LINKS + 44]);
});

it("has bounds", () => {
  const room = new Room(0x1000);
  expect(room.take(MOST_REGIONS + 1)).toBeUndefined();
  room.reserve([batch([0], [], 3 * 2 ** 20)]);
  expect(room.take(1)).toBe(1);
  room.use(2 ** 20 + 1);
  expect(room.take(1)).toBeUndefined();
});
