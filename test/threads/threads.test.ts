import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limitSeconds, requireDebian, Workshop } from "../linux/linux-guest.ts";
import { type Ended, linuxSystem, runOn, type System, trapframeSystem } from "./system.ts";

const debian = requireDebian();
const systems: { name: string; system: System | undefined }[] = [
  { name: "our own system", system: trapframeSystem },
  { name: "Debian's Linux", system: debian && linuxSystem(debian) },
];

/** The row of the table of `threads` that begins with `key`: many-to-one, one-to-one, many-to-many. */
function row(said: string, key: string): string[] {
  const line = said.split("\n").find((text) => text.startsWith(`${key}  `));
  return (line ?? "").slice(key.length).trim().split(/ {2,}/);
}

const nothing: Ended = { status: -1, said: "" };

describe.each(systems)("on $name", ({ system }) => {
  describe.skipIf(system === undefined).each([1, 4])("with %i harts", (harts) => {
    const workshop = new Workshop();
    let threads = nothing;
    let pthreads = nothing;
    let services = nothing;

    beforeAll(
      async () => {
        if (system === undefined) return;
        const ended = await runOn(system, workshop.folder, harts, ["threads", "pthreads", "services"]);
        [threads = nothing, pthreads = nothing, services = nothing] = ended;
      },
      (limitSeconds + 20) * 1000,
    );
    afterAll(() => workshop.remove());

    test("a blocking read stops all threads, one, or none of the runnable", () => {
      expect(row(threads.said, "ran during read()")).toEqual(["0 of 3", "3 of 3", "0 of 3"]);
      expect(row(threads.said, "ran during thread_read()")).toEqual(["3 of 3", "3 of 3", "3 of 3"]);
    });

    test.each([
      "bounded buffer",
      "own registers, rounding and values",
      "sleepers wake in order",
      "detached threads",
      "mutual exclusion",
    ])("%s: every kind of threads", (key) => {
      expect(row(threads.said, key)).toEqual(["ok", "ok", "ok"]);
    });

    test("user-level threads report a deadlock, and a stack that overflows kills", () => {
      expect(row(threads.said, "after a deadlock")).toEqual(["reported", "hangs", "reported"]);
      expect(row(threads.said, "after a stack overflow")).toEqual(["killed", "killed", "killed"]);
      expect(threads.status).toBe(0);
    });

    test.skipIf(harts > 1)("user-level threads cost far fewer instructions than the kernel's", () => {
      expect(row(threads.said, "unit")).toEqual(["instructions", "instructions", "instructions"]);
      for (const key of ["create and join", "yield to another", "wake another and wait"]) {
        const [manyToOne = 0, oneToOne = 0, manyToMany = 0] = row(threads.said, key).map(Number);
        expect(manyToOne, key).toBeGreaterThan(0);
        expect(manyToOne, key).toBeLessThan(manyToMany);
        expect(manyToMany, key).toBeLessThan(oneToOne / 2);
      }
      const alone = row(threads.said, "lock and unlock, alone").map(Number);
      for (const instructions of alone) expect(instructions).toBeLessThanOrEqual(100);
    });

    test("pthreads keep POSIX's promises", () => {
      expect(pthreads.said).toContain("ok mutex-alone");
      expect(pthreads.said.match(/^FAILED .*/gm) ?? []).toEqual([]);
      expect(pthreads.said).toContain("pthreads: all well");
      expect(pthreads.status).toBe(0);
    });

    test("servers differ as the textbook says", () => {
      expect(services.said.match(/^FAILED .*/gm) ?? []).toEqual([]);
      expect(services.said).toContain("services: all as expected");
      expect(services.status).toBe(0);
    });
  });
});
