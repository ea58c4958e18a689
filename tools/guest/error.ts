/** Guest code that does not build, with what the compiler or linker said. Shown to the user without a stack trace. */
export class GuestBuildError extends Error {
  override readonly name = "GuestBuildError";
}
