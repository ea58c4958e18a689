/** The engines that every test of semantics runs on. */
import { createBench } from "./bench.ts";

export const engines = [
  { engine: "reference", bench: await createBench("reference") },
  { engine: "interpreter", bench: await createBench("interpreter") },
] as const;
