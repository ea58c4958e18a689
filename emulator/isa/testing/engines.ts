/** The engines that every test of semantics runs on. */
import { ReferenceEngine } from "../../engine/reference/reference.ts";
import { Bench } from "./bench.ts";

export const engines: readonly { readonly engine: string; readonly bench: () => Bench }[] = [
  { engine: "reference", bench: () => new Bench((configuration) => new ReferenceEngine(configuration)) },
];
