/** Random operations on the file system and on a model of it must do the same. */
import { describe, expect, it } from "vitest";
import { MemoryDevice } from "./testing/memory-device.ts";
import { applyStep, describeVolume, Model } from "./testing/model.ts";
import { randomSteps } from "./testing/workload.ts";
import { FilesError, formatDevice, Volume } from "./volume.ts";

describe("the file system does what a model of it does", () => {
  it.each([1n, 2n, 3n, 4n])("random steps of seed %s", (seed) => {
    const device = new MemoryDevice(768);
    formatDevice(device, { swapBlocks: 0, identity: seed, now: 0 });
    const volume = new Volume(device, { cacheBlocks: 128, commitBlocks: 32 });
    const model = new Model();
    for (const [index, step] of randomSteps(seed, 1500, 0.01).entries()) {
      const expected = model.apply(step);
      let error = 0;
      try {
        applyStep(volume, step);
      } catch (problem) {
        if (!(problem instanceof FilesError)) throw problem;
        error = problem.number;
      }
      expect({ index, step, error }).toEqual({ index, step, error: expected });
      if (index % 50 === 0) {
        expect(describeVolume(volume)).toBe(model.describe());
        expect(volume.check()).toEqual([]);
      }
    }
    volume.sync();
    const again = new Volume(device);
    expect(describeVolume(again)).toBe(model.describe());
    expect(again.check()).toEqual([]);
  });
});
