import { Code, ConnectError } from "@connectrpc/connect";
import { messageOf } from "@driver/std";

/** Bytes of an error text that fit the header block of the trailers, percent-encoded and with details. */
const maxTextBytes = 8_192;

/**
 * Gives every error of a method the status that agents understand: Unknown with the error's text, so that users
 * see it; Canceled or DeadlineExceeded when the caller went; never Unavailable, which means "plugin is dead".
 */
export function toStatusError(error: unknown, signal: AbortSignal): ConnectError {
  if (signal.aborted) return new ConnectError("the call was cancelled", abortCode(signal.reason), undefined, undefined, error);
  if (!(error instanceof ConnectError)) {
    return new ConnectError(boundedText(messageOf(error) || "unknown error"), Code.Unknown, undefined, undefined, error);
  }
  const bounded = new ConnectError(
    boundedText(error.rawMessage),
    error.code === Code.Unavailable ? Code.Unknown : error.code,
    error.metadata,
    undefined,
    error,
  );
  bounded.details = error.details;
  return bounded;
}

function abortCode(reason: unknown): Code {
  return reason instanceof ConnectError && reason.code === Code.DeadlineExceeded ? Code.DeadlineExceeded : Code.Canceled;
}

/** Lone surrogates would make the percent-encoding throw. */
function boundedText(text: string): string {
  const wellFormed = text.toWellFormed();
  if (Buffer.byteLength(wellFormed) <= maxTextBytes) return wellFormed;
  const head = new TextDecoder().decode(Buffer.from(wellFormed).subarray(0, maxTextBytes)).replace(/\uFFFD$/, "");
  return `${head}… (shortened)`;
}
