/** Which procedures of `float/` the host's floating-point instructions can stand in for. */
import type { Arithmetic } from "../../float/arithmetic.ts";
import { double, single } from "../../float/arithmetic.ts";
import type { Procedure } from "../../language/procedure.ts";
import { addition, division, multiplication, squareRoot } from "./arithmetic.ts";
import type { HostFormat } from "./host-format.ts";
import type { NativePaths } from "./operation.ts";

const formatPaths = (operations: Arithmetic, host: HostFormat): [Procedure, NativePaths][] => [
  [operations.add.procedure, addition(host)],
  [operations.multiply.procedure, multiplication(host)],
  [operations.divide.procedure, division(host)],
  [operations.squareRoot.procedure, squareRoot(host)],
];

const PATHS: ReadonlyMap<Procedure, NativePaths> = new Map([
  ...formatPaths(single, { format: single.format, type: "f32" }),
  ...formatPaths(double, { format: double.format, type: "f64" }),
]);

/** How to compute natively what the procedure describes; undefined where it must be executed as described. */
export const nativeFloat = (procedure: Procedure): NativePaths | undefined => PATHS.get(procedure);
