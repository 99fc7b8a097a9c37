/** What went wrong between a host and a plugin. */
export type GoPluginErrorCode =
  /** The program could not be started, or ended before its handshake. */
  | "launch-failed"
  /** No handshake within the start timeout. */
  | "launch-timeout"
  /** The first line on stdout is not a handshake this host understands. */
  | "handshake-invalid"
  /** The plugin found no folder for its socket, or the host asks for something it does not have. */
  | "serve-failed";

/** The error class of this package; the message names the program or file, and what it answered. */
export class GoPluginError extends Error {
  override readonly name = "GoPluginError";
  readonly code: GoPluginErrorCode;

  constructor(code: GoPluginErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
