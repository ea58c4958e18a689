import { describe, expect, it } from "vitest";
import { trapframe } from "./trapframe.ts";

describe("trapframe mutate", () => {
  it("finds that the suite notices at least 95 of a hundred slips, by a sample", async () => {
    const { status, output } = await trapframe(["mutate", "--every", "40", "--json"]);
    const { mutants, percent } = JSON.parse(output);
    expect(mutants).toBeGreaterThan(100);
    expect(percent).toBeGreaterThanOrEqual(95);
    expect(status).toBe(0);
  }, 600_000);

  it("refuses a name that is none", async () => {
    const { status, errors } = await trapframe(["mutate", "nonsense"]);
    expect(errors).toMatch(/there is no instruction or procedure "nonsense"/);
    expect(status).toBe(2);
  });
});
