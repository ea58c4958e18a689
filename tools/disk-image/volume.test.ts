import { expect, it } from "vitest";
import { MemoryDevice } from "./testing/memory-device.ts";
import { formatDevice, Volume } from "./volume.ts";

it("works at all", () => {
  const device = new MemoryDevice(512);
  formatDevice(device, { swapBlocks: 0, identity: 1n, now: 0 });
  const v = new Volume(device);
  expect(v.check()).toEqual([]);
  const f = v.create(v.root, "hello", 0o100644);
  v.write(f.handle, 0, new TextEncoder().encode("hello world"));
  const d = v.create(v.root, "dir", 0o040755);
  for (let i = 0; i < 60; i++) v.create(d.handle, `file-${i}`, 0o100644);
  expect(v.check()).toEqual([]);
  const w = new Volume(device);
  expect(w.list(w.root)).toEqual(["hello", "dir"]);
  expect(w.list(d.handle).length).toBe(60);
  expect(new TextDecoder().decode(w.read(w.lookup(w.root, "hello").handle, 0, 100))).toBe("hello world");
  console.log(w.statistics());
});
