/** Where everything stands on the screen. All numbers are character cells, counted from 0. */

export const viewNames = ["registers", "code", "traps", "translation", "csrs", "floats"] as const;
export type ViewName = (typeof viewNames)[number];

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Pane {
  readonly view: ViewName;
  /** The whole pane; its title is the first row. */
  readonly area: Rectangle;
}

export interface Layout {
  readonly status: Rectangle;
  readonly console: Rectangle;
  readonly panes: readonly Pane[];
  /** Views that share the last pane; the first of them is the one shown. */
  readonly tabs: readonly ViewName[];
  readonly keys: Rectangle;
}

const statusRows = 2;
const titleRows = 1;
const keyRows = 1;
/** Four columns of eight registers. */
const registerRows = titleRows + 8;
const registerColumns = 80;
const csrRows = titleRows + 8;
const leastConsoleRows = 4;
const sideBySide = { width: 164, height: 40 };
const stacked = { height: 36 };

/**
 * Divides a screen. `tab` is the view that the shared pane shows where there is not room for all; `zoomed` leaves all
 * to the console, and so does a screen too small for more.
 */
export function arrange(width: number, height: number, tab: ViewName, zoomed: boolean): Layout {
  const status = { x: 0, y: 0, width, height: Math.min(statusRows, height) };
  const keys = { x: 0, y: height - keyRows, width, height: keyRows };
  const middle = { x: 0, y: statusRows, width, height: Math.max(1, height - statusRows - keyRows) };
  const frame = { status, keys };
  if (zoomed || middle.height < leastConsoleRows + registerRows) {
    return { ...frame, console: middle, panes: [], tabs: [] };
  }
  if (width >= sideBySide.width && height >= sideBySide.height) return { ...frame, ...beside(middle, tab) };
  if (height >= stacked.height) return { ...frame, ...below(middle, tab) };
  const [console, shared] = split(middle, middle.height - registerRows);
  return { ...frame, console, panes: [{ view: tab, area: shared }], tabs: viewNames };
}

/** Console, traps and translation on the left; registers, code and the shared pane on the right. */
function beside(area: Rectangle, tab: ViewName): Omit<Layout, "status" | "keys"> {
  const rightWidth = Math.max(registerColumns, Math.floor(area.width * 0.425));
  const left = { ...area, width: area.width - rightWidth - 1 };
  const right = { ...area, x: left.width + 1, width: rightWidth };
  const [console, rest] = split(left, Math.ceil(left.height * 0.55));
  const [traps, translation] = split(rest, Math.ceil(rest.height / 2));
  const [registers, lower] = split(right, registerRows);
  const [code, shared] = split(lower, lower.height - csrRows);
  const tabs = ["csrs", "floats"] as const;
  return {
    console,
    panes: [
      { view: "traps", area: traps },
      { view: "translation", area: translation },
      { view: "registers", area: registers },
      { view: "code", area: code },
      { view: tab === "floats" ? tab : tabs[0], area: shared },
    ],
    tabs,
  };
}

/** Console above, registers below it, the shared pane at the bottom. */
function below(area: Rectangle, tab: ViewName): Omit<Layout, "status" | "keys"> {
  const sharedRows = Math.max(registerRows, Math.floor(area.height * 0.3));
  const [console, rest] = split(area, area.height - registerRows - sharedRows);
  const [registers, shared] = split(rest, registerRows);
  const tabs = viewNames.filter((view) => view !== "registers");
  return {
    console,
    panes: [
      { view: "registers", area: registers },
      { view: tab === "registers" ? "code" : tab, area: shared },
    ],
    tabs,
  };
}

function split(area: Rectangle, rows: number): [Rectangle, Rectangle] {
  return [
    { ...area, height: rows },
    { ...area, y: area.y + rows, height: area.height - rows },
  ];
}

/** True when a cell lies within a rectangle. */
export function contains(area: Rectangle, x: number, y: number): boolean {
  return x >= area.x && x < area.x + area.width && y >= area.y && y < area.y + area.height;
}
