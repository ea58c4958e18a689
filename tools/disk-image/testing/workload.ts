/** Random work for a file system: few names, so that steps meet one another. */
import { Random } from "../../fuzz/random.ts";
import { Model, type Step } from "./model.ts";

const names = ["a", "b", "c", "long".repeat(20)];
const folders = ["", "d", "d/e", "f"];

/** Steps that are the same for the same seed. A few must be refused. */
export function randomSteps(seed: bigint, count: number, syncChance = 0.12): Step[] {
  const random = new Random(seed);
  const path = (): string => {
    const folder = random.pick(folders);
    return folder === "" ? random.pick(names) : `${folder}/${random.pick(names)}`;
  };
  const value = () => random.below(256);
  const step = (): Step => {
    if (random.chance(syncChance)) return { do: "sync" };
    switch (random.below(14)) {
      case 0:
        return { do: "mkdir", path: random.pick(folders.slice(1)) };
      case 1:
      case 2:
        return { do: "create", path: path() };
      case 3:
        return { do: "symlink", path: path(), target: "to/".repeat(1 + random.below(5)) };
      case 4:
        return { do: "truncate", path: path(), size: random.below(50_000) };
      case 5:
        return { do: "unlink", path: path() };
      case 6:
        return { do: "rmdir", path: random.pick(folders.slice(1)) };
      case 7:
        return { do: "rename", path: path(), to: path() };
      case 8:
        return {
          do: "rename",
          path: random.pick(folders.slice(1)),
          to: random.pick([...folders.slice(1), path()]),
        };
      case 9:
        return { do: "link", path: path(), to: path() };
      case 10:
      case 11:
        return { do: "append", path: path(), length: random.below(9000), value: value() };
      default:
        return {
          do: "write",
          path: path(),
          offset: random.below(55_000),
          length: random.below(12_000),
          value: value(),
        };
    }
  };
  // Folders and files to work on.
  const start: Step[] = ["d", "d/e", "f"].map((folder) => ({ do: "mkdir", path: folder }));
  for (const folder of folders) {
    for (const name of names.slice(0, 2)) {
      start.push({ do: "create", path: folder === "" ? name : `${folder}/${name}` });
    }
  }
  const model = new Model();
  for (const first of start) model.apply(first);
  const possible = (): Step => {
    for (;;) {
      const next = step();
      if (model.apply(next) === 0 || random.chance(0.05)) return next;
    }
  };
  return [...start, ...Array.from({ length: count }, possible)];
}
