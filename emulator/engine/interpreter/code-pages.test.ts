import { beforeEach, expect, it } from "vitest";
import type { CodePages } from "./code-pages.ts";
import { Interpreter } from "./interpreter.ts";
import { READ_TABLE } from "./lookaside.ts";
import { DECODED_PAGE_BYTES, DECODED_PAGES } from "./slot.ts";
import { emptyMachine, placementWith } from "./testing/memory.ts";

/** As many pages of RAM as can be decoded at a time, and some more. */
const placement = placementWith((DECODED_PAGES + 8) * 4096);
const most = DECODED_PAGES - 1;

let machine: ReturnType<typeof emptyMachine>;
let pages: CodePages;
/** Pages of RAM of which it was said that their decoded ones go; undefined for all. */
let gone: (number | undefined)[];
/** Addresses of decoded pages in the order in which they are given. */
let addresses: number[];

beforeEach(async () => {
  machine = emptyMachine(placement);
  const interpreter = await Interpreter.create(machine.configuration, placement);
  pages = interpreter.pages;
  const first = pages.decodedPage(0);
  addresses = Array.from({ length: most }, (_, n) => first + n * DECODED_PAGE_BYTES);
  pages.breakAt(new Set());
  gone = [];
  interpreter.listener = {
    codeChanged: () => {},
    pageGoes: (page) => gone.push(page),
    stopped: () => false,
  };
});

const decoded = (page: number) => pages.decodedPage(page * 4096);
const reserve = (...reserved: (readonly [page: number, n: number])[]) =>
  pages.reserve(reserved.map(([page, n]) => [page, addresses[n] ?? 0]));

it("gives pages the addresses that are left to them, and those to no others", () => {
  reserve([5, 0], [6, 2]);
  expect([1, 2, 5, 6].map(decoded)).toEqual([1, 3, 0, 2].map((n) => addresses[n]));
});

it("leaves a page's address to it when it goes", () => {
  reserve([5, 0]);
  decoded(5);
  pages.drop(5 * 4096);
  expect([1, 5].map(decoded)).toEqual([addresses[1], addresses[0]]);
});

it("leaves one address to one page only", () => {
  reserve([5, 0], [6, 0], [5, 1]);
  expect([5, 6].map(decoded)).toEqual([addresses[0], addresses[1]]);
});

it("leaves nothing to any once all have gone", () => {
  reserve([5, 2]);
  decoded(1);
  pages.breakAt(new Set());
  expect([1, 5].map(decoded)).toEqual([addresses[0], addresses[1]]);
});

it("makes room by giving up what was decoded first, as far as nothing relies on it", () => {
  const before = Array.from({ length: most }, (_, page) => decoded(page));
  for (const page of [0, 2]) pages.watch(page, 0n);
  const { evictions } = pages;
  const [one, another] = [decoded(most), decoded(most + 1)];
  expect(pages.evictions).toBe(evictions + 1);
  expect(before.indexOf(one)).toBeGreaterThan(0);
  expect(before.indexOf(another)).toBeGreaterThan(0);
  expect(one).not.toBe(another);
  expect([0, 2].map(decoded)).toEqual([before[0], before[2]]);
  expect(decoded(most - 1)).toBe(before[most - 1]);
  expect(decoded(1)).not.toBe(before[1]);
  expect(gone).toEqual([]);
});

it("keeps what is left to pages when it makes room", () => {
  const kept = most - 500;
  reserve(...Array.from({ length: kept }, (_, page) => [page, page] as const));
  const left = Array.from({ length: most }, (_, page) => decoded(page)).slice(0, kept);
  const others = [most, most + 1].map(decoded);
  expect(left).toEqual(Array.from(left, (_, page) => decoded(page)));
  expect(new Set([...left, ...others]).size).toBe(kept + 2);
  expect(gone).toEqual([]);
});

it("has what harts remember of code forgotten when it makes room", () => {
  const table = (placement.harts[0] ?? 0) + READ_TABLE;
  const remembered = () => machine.view.getUint8(table);
  for (let page = 0; page < most; page++) decoded(page);
  machine.view.setUint8(table, 1);
  decoded(1);
  expect(remembered()).toBe(1);
  decoded(most);
  expect(remembered()).toBe(0xff);
});

it("gives up what nothing relies on any more", () => {
  for (let page = 0; page < most; page++) decoded(page);
  for (let page = 0; page < most; page++) pages.watch(page, 0n);
  for (let page = 0; page < most; page++) pages.unwatch(page);
  decoded(most);
  expect(gone).toEqual([]);
});

it("gives up all where translated code relies on most", () => {
  for (let page = 0; page < most; page++) decoded(page);
  for (let page = 0; page < most - 10; page++) pages.watch(page, 0n);
  const { evictions } = pages;
  decoded(most);
  expect(gone).toEqual([undefined]);
  expect(pages.evictions).toBe(evictions + 1);
});
