import { beforeEach, expect, it } from "vitest";
import type { CodePages } from "./code-pages.ts";
import { Interpreter } from "./interpreter.ts";
import { DECODED_PAGE_BYTES } from "./slot.ts";
import { emptyMachine, placement } from "./testing/memory.ts";

let pages: CodePages;
/** Addresses of decoded pages in the order in which they are given. */
let addresses: number[];

beforeEach(async () => {
  const { configuration } = emptyMachine();
  pages = (await Interpreter.create(configuration, placement)).pages;
  const first = pages.decodedPage(0);
  addresses = [0, 1, 2, 3].map((n) => first + n * DECODED_PAGE_BYTES);
  pages.breakAt(new Set());
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
