/** Which procedures of `float/` the host's floating-point instructions can stand in for. */
import type { Arithmetic } from "../../float/arithmetic.ts";
import { double, doubleToSingle, single, singleToDouble } from "../../float/arithmetic.ts";
import type { Procedure } from "../../language/procedure.ts";
import { addition, division, multiplication, squareRoot } from "./arithmetic.ts";
import { comparison } from "./compare.ts";
import { demotion, fromInteger, promotion, toInteger } from "./convert.ts";
import { fusedByHost, fusedDouble, fusedSingle } from "./fused-multiply-add.ts";
import type { HostFormat } from "./host-format.ts";
import type { NativePaths } from "./operation.ts";

const formatPaths = (operations: Arithmetic, host: HostFormat): [Procedure, NativePaths][] => [
  [operations.add.procedure, addition(host)],
  [operations.multiply.procedure, multiplication(host)],
  [operations.divide.procedure, division(host)],
  [operations.squareRoot.procedure, squareRoot(host)],
  [operations.equal.procedure, comparison(host, "eq")],
  [operations.less.procedure, comparison(host, "lt")],
  [operations.lessOrEqual.procedure, comparison(host, "le")],
  [operations.toInteger.procedure, toInteger(host)],
  [operations.fromInteger.signed.procedure, fromInteger(host, true)],
  [operations.fromInteger.unsigned.procedure, fromInteger(host, false)],
];

const hostSingle: HostFormat = { format: single.format, type: "f32" };
const hostDouble: HostFormat = { format: double.format, type: "f64" };

const PATHS: ReadonlyMap<Procedure, NativePaths> = new Map([
  ...formatPaths(single, hostSingle),
  ...formatPaths(double, hostDouble),
  [single.fusedMultiplyAdd.procedure, fusedSingle(hostSingle)],
  [double.fusedMultiplyAdd.procedure, fusedDouble()],
  [singleToDouble.procedure, promotion],
  [doubleToSingle.procedure, demotion(hostSingle)],
]);

const FUSED: ReadonlyMap<Procedure, NativePaths> = new Map([
  [single.fusedMultiplyAdd.procedure, fusedByHost(hostSingle, fusedSingle(hostSingle))],
  [double.fusedMultiplyAdd.procedure, fusedByHost(hostDouble, fusedDouble())],
]);

/**
 * How to compute natively what the procedure describes, on a host that fuses or not (`hostFuses`); undefined where it
 * must be executed as described.
 */
export const nativeFloat = (procedure: Procedure, fuses: boolean): NativePaths | undefined =>
  (fuses ? FUSED.get(procedure) : undefined) ?? PATHS.get(procedure);
