import type { TlsFiles } from "./service-place.ts";

/** Why a request over TLS has got no answer, in words for who has set it up. */
export interface TlsFailure {
  readonly reason: string;
  /** True: the service has taken nothing of the request. */
  readonly isUnsent: boolean;
}

/** What a service says in an alert that wants another client certificate, or one at all. */
const certificateAlert = /\balert (certificate \w+|(?:bad|unsupported) certificate|unknown ca|access denied|handshake failure)\b/;

/**
 * Explains an error of Node's or OpenSSL's before an answer has come. Many services close the connection without a word where they
 * do not take the client's certificate, and with TLS 1.3 only when the request is on its way. Undefined: it says nothing of TLS.
 * @param error its code, and its message
 */
export function explainTlsFailure(
  { code, message }: { readonly code: string; readonly message: string },
  { client }: TlsFiles,
): TlsFailure | undefined {
  const [, alert] = certificateAlert.exec(message) ?? [];
  if (alert !== undefined) {
    return { reason: `it refuses the client certificate (TLS alert: ${alert}): ${describe(client)}`, isUnsent: true };
  }
  if (message.includes(":wrong version number:")) return { reason: "what listens there does not speak TLS", isUnsent: true };
  if (code !== "ECONNRESET" && code !== "EPIPE") return undefined;
  const isHandshake = message.includes("before secure TLS connection");
  const what = isHandshake ? "it closed the connection during the TLS handshake" : "it closed the connection after the TLS handshake";
  return { reason: `${what}, without an answer; if it asks for a client certificate: ${describe(client)}`, isUnsent: isHandshake };
}

function describe(client: TlsFiles["client"]): string {
  return client === undefined
    ? "it was shown none; set cert and key of the block tls"
    : `it was shown ${client.cert}, which must be valid and signed by an authority that the service knows`;
}
