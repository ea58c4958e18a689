/** Calls procedures of the vocabulary on the reference engine's evaluator. */
import { contextOf, Evaluator } from "../../engine/reference/evaluate.ts";
import { state, TLB_OFFSET } from "../../hart/layout.ts";
import type { Procedure } from "../../language/procedure.ts";
import { readVirtual, writeVirtual } from "../../memory/virtual.ts";
import type { Outcome } from "./oracle.ts";

export const NO_SETTINGS = {
  ramBytes: 0n,
  ramBias: 0n,
  pageFlags: 0n,
  trapLog: 0n,
  decodedCode: 0n,
  harts: 0n,
  firstHart: 0n,
  hartStride: 0n,
  clint: 0n,
  serial: 0n,
  serialCells: 0n,
  tlbSets: 0n,
  tlbWays: 0n,
  maximumLevels: 0n,
  svadu: 0n,
  leaky: 0n,
  svnapot: 0n,
  svpbmt: 0n,
  sstc: 0n,
  zicbom: 0n,
  zicboz: 0n,
  zicntr: 0n,
  zihpm: 0n,
  misa: 0n,
};
const nowhere = () => {
  throw new Error("there is no board");
};

/** A call of a procedure, from no exception flags: its result and the flags that it raised. */
export function createExecutor(): (procedure: Procedure, ...values: (number | bigint)[]) => Outcome {
  const evaluator = new Evaluator(
    {
      settings: NO_SETTINGS,
      host: { deviceAt: nowhere, deviceRead: nowhere, deviceWrite: nowhere, storeObserved: nowhere },
    },
    { readVirtual: readVirtual.procedure, writeVirtual: writeVirtual.procedure },
  );
  const bytes = new Uint8Array(TLB_OFFSET);
  const view = new DataView(bytes.buffer);
  const context = contextOf(bytes.buffer, 0);
  return (procedure, ...values) => {
    view.setBigUint64(state.fcsr.offset, 0n, true);
    const bits = BigInt(evaluator.call(procedure, context, values));
    return { bits, flags: Number(view.getBigUint64(state.fcsr.offset, true)) };
  };
}
