import { describe, expect, it } from "vitest";
import { arrange, contains, type Layout, viewNames } from "./layout.ts";

const areas = ({ status, console, panes, keys }: Layout) => [
  status,
  console,
  ...panes.map(({ area }) => area),
  keys,
];

describe("arrange", () => {
  it.each([
    [80, 24],
    [100, 30],
    [120, 40],
    [164, 40],
    [200, 60],
    [80, 16],
  ])("covers a screen of %i by %i without overlap", (width, height) => {
    for (const view of viewNames) {
      const layout = arrange(width, height, view, false);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const owners = areas(layout).filter((area) => contains(area, x, y)).length;
          const gap = layout.panes.length === 5 && x === layout.console.width;
          if (owners !== 1 && !(gap && owners === 0)) throw new Error(`${owners} areas at ${x},${y}`);
        }
      }
    }
  });

  it("gives every view a place, at once or in turn", () => {
    for (const [width, height] of [
      [80, 24],
      [120, 40],
      [200, 60],
    ] as const) {
      const shown = new Set(
        viewNames.flatMap((view) => arrange(width, height, view, false).panes.map((pane) => pane.view)),
      );
      expect([...shown].sort()).toEqual([...viewNames].sort());
    }
  });

  it("shows all 32 registers and a dozen console lines at 80x24", () => {
    const { console, panes } = arrange(80, 24, "registers", false);
    expect(console).toMatchObject({ width: 80, height: 12 });
    expect(panes[0]?.area.height).toBe(9);
  });

  it("leaves everything to the console when zoomed or small", () => {
    expect(arrange(80, 24, "code", true)).toMatchObject({ panes: [], console: { width: 80, height: 21 } });
    expect(arrange(40, 10, "code", false).panes).toEqual([]);
    expect(arrange(1, 1, "code", false).console.height).toBe(1);
  });
});
