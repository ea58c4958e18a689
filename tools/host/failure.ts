/** Something the user can put right. Its message says what, where and what to do; it is shown without a stack trace. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** What the process exits with. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}
