/** Integer, floating-point, and control and status registers; what changed since the hart last stood still stands out. */
import { floatRegisterNames, integerRegisterNames } from "../../../emulator/isa/disassemble.ts";
import { type Line, look, span } from "../line.ts";
import { hexSpans, inColumns, type View } from "./view.ts";

/** x0 always holds 0: pc takes its place. */
const integerNames = ["pc", ...integerRegisterNames.slice(1)];

const digits = 16;

/** Without a gap after the longest names, four columns just fit 80 characters. */
const tightWidth = 4 * (3 + digits + 1);

export const integerView: View = ({ now, before }, { width }) => {
  const nameWidth = width === tightWidth ? 3 : 4;
  const cells = integerNames.map((name, register) => {
    const value = register === 0 ? now.pc : (now.x[register] ?? 0n);
    const old = register === 0 ? before.pc : before.x[register];
    return cell(name, nameWidth, value, old);
  });
  return { lines: inColumns(cells, nameWidth + digits + 1, width), start: 0 };
};

export const floatView: View = ({ now, before }, { width }) => {
  const cells = floatRegisterNames.map((name, register) =>
    cell(name, 5, now.f[register] ?? 0n, before.f[register]),
  );
  return { lines: inColumns(cells, 5 + digits + 1, width), start: 0 };
};

export const csrView: View = ({ now, before }, { width }) => {
  const cells = [...now.csrs].map(([name, value]) => cell(name, 9, value, before.csrs.get(name)));
  return { lines: inColumns(cells, 9 + digits + 1, width), start: 0 };
};

function cell(name: string, nameWidth: number, value: bigint, old: bigint | undefined): Line {
  const valueLook = value === old ? look.plain : look.changed;
  return [span(name.padEnd(nameWidth), look.name), ...hexSpans(value, valueLook), span(" ")];
}
