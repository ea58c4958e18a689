/** The engines there are, the one that is made to be read first. */
export const engineNames = ["reference", "interpreter", "translator", "auto"] as const;
export type EngineName = (typeof engineNames)[number];
