/** A command line that cannot be understood; the message says what would be right. Exit code 1, as Nomad's commands. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
