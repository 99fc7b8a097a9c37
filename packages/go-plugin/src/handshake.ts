import { GoPluginError } from "./go-plugin-error.ts";

/** What host and plugin must agree on before they talk. The cookie is no secret: it tells a host from a user. */
export interface Handshake {
  readonly cookieKey: string;
  readonly cookieValue: string;
  /** Version of the application's own protocol, such as 2 for Nomad. */
  readonly protocolVersion: number;
}

/** Environment variables, of this process or for a child. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How a program that is plugin and command in one was started. */
export type StartMode = "plugin" | "wrong-cookie" | "cli";

/** `cli` when the cookie variable is absent or empty, `wrong-cookie` when a host of another kind set it. */
export function resolveStartMode(env: Environment, handshake: Handshake): StartMode {
  const cookie = env[handshake.cookieKey];
  if (cookie === undefined || cookie === "") return "cli";
  return cookie === handshake.cookieValue ? "plugin" : "wrong-cookie";
}

/** Where a plugin listens. */
export type PluginAddress =
  { readonly network: "unix"; readonly path: string } | { readonly network: "tcp"; readonly host: string; readonly port: number };

const coreProtocolVersion = 1;

/**
 * The line a plugin writes to stdout, with its newline: core version, application version, network, address,
 * protocol, certificate. A seventh field follows only when the host asked for it: hosts before go-plugin 1.6
 * would take it for a part of the sixth.
 */
export function formatHandshakeLine(options: {
  readonly socketPath: string;
  readonly protocolVersion: number;
  readonly announceMultiplexing: boolean;
}): string {
  const fields = [coreProtocolVersion, options.protocolVersion, "unix", options.socketPath, "grpc", ""];
  const multiplexing = options.announceMultiplexing ? ["false"] : [];
  return `${[...fields, ...multiplexing].join("|")}\n`;
}

/** Reads a plugin's handshake line; throws `handshake-invalid` with the field that is wrong and what is expected. */
export function parseHandshakeLine(line: string, handshake: Handshake): PluginAddress {
  const fields = line.trim().split("|");
  const [core = "", app = "", network = "", address = "", protocol = "netrpc", certificate = ""] = fields;
  if (fields.length < 4) throw invalid(line, "it has fewer than four fields separated by |");
  if (core !== String(coreProtocolVersion)) throw invalid(line, `core protocol version is ${quote(core)}, this host speaks 1`);
  if (app !== String(handshake.protocolVersion))
    throw invalid(line, `plugin protocol version is ${quote(app)}, this host speaks ${handshake.protocolVersion}`);
  if (protocol !== "grpc") throw invalid(line, `protocol is ${quote(protocol)}, this host speaks grpc`);
  if (certificate.length > 50) throw invalid(line, "it carries a certificate, but this host did not offer TLS");
  return parseAddress(line, network, address);
}

function parseAddress(line: string, network: string, address: string): PluginAddress {
  if (network === "unix") {
    if (!address.startsWith("/")) throw invalid(line, `socket path ${quote(address)} is not absolute`);
    return { network, path: address };
  }
  if (network !== "tcp") throw invalid(line, `network is ${quote(network)}, expected unix or tcp`);
  const colon = address.lastIndexOf(":");
  const port = Number(address.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port) || port < 1 || port > 65_535) throw invalid(line, `address ${quote(address)} is not host:port`);
  return { network, host: address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port };
}

function invalid(line: string, reason: string): GoPluginError {
  return new GoPluginError("handshake-invalid", `plugin handshake ${quote(line.trim().slice(0, 200))}: ${reason}`);
}

function quote(text: string): string {
  return JSON.stringify(text);
}
