import { describe, expect, it } from "vitest";
import { flagPage, PageFlag } from "./physical.ts";

const { code, watched, before } = PageFlag;

describe("a page's flags", () => {
  it("tell that the next page has some", () => {
    const flags = new Uint8Array(4);
    flagPage(flags, 2, code, true);
    expect([...flags]).toEqual([0, before, code, 0]);
    flagPage(flags, 3, watched, true);
    expect([...flags]).toEqual([0, before, code | before, watched]);
  });

  it("stop telling so with the last of them only", () => {
    const flags = new Uint8Array(3);
    flagPage(flags, 2, code, true);
    flagPage(flags, 2, watched, true);
    flagPage(flags, 2, code, false);
    expect([...flags]).toEqual([0, before, watched]);
    flagPage(flags, 2, watched, false);
    expect([...flags]).toEqual([0, 0, 0]);
  });

  it("are not looked for before the first page", () => {
    const flags = new Uint8Array(2);
    flagPage(flags, 0, code, true);
    flagPage(flags, 0, code, true);
    expect([...flags]).toEqual([code, 0]);
  });
});
