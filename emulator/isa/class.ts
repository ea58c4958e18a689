/**
 * What instructions are to a virtual machine monitor, in the words of G. J. Popek and R. P. Goldberg, "Formal requirements
 * for virtualizable third generation architectures" (1974). What is stated here is measured by `trapframe isa --classify`.
 */

export interface InstructionClass {
  /**
   * The mode from which on it does not trap, so that below it the instruction is privileged. One that is `held` traps in
   * U-mode if a supervisor register says so (scounteren, senvcfg), which is as good to a monitor that sets the register.
   */
  readonly privilege: "none" | "held" | "supervisor" | "machine";
  /** Executed without a trap, it changes the mode or a resource: a CSR, translation, who has the processor. */
  readonly control: boolean;
  /** Executed without a trap, its result depends on the mode, on a resource, or on where in real memory it runs. */
  readonly behaviour: boolean;
}

export const innocuous: InstructionClass = { privilege: "none", control: false, behaviour: false };

/** The class in Popek and Goldberg's words, of which there may be several: "privileged", "control-sensitive"… */
export function classWords({ privilege, control, behaviour }: InstructionClass): string[] {
  const words = [
    ...(privilege === "supervisor" || privilege === "machine" ? ["privileged"] : []),
    ...(control ? ["control-sensitive"] : []),
    ...(behaviour ? ["behaviour-sensitive"] : []),
  ];
  return words.length === 0 ? ["innocuous"] : words;
}

/** The same on one line. */
export function classText(stated: InstructionClass | "by CSR"): string {
  return stated === "by CSR" ? stated : classWords(stated).join(", ");
}

/** The class on the leaky profile: what is a supervisor's no longer traps (LEAKY.md). */
export function classWhenLeaky(stated: InstructionClass): InstructionClass {
  return stated.privilege === "supervisor" ? { ...stated, privilege: "none" } : stated;
}
