import { isList, toText } from "@driver/hcl";
import type { BlockReader } from "./block-reader.ts";
import type { CheckRestart, Service, ServiceCheck } from "./job.ts";
import type { checkKeys } from "./keys/service-keys.ts";
import { serviceName } from "./rules/check-service.ts";
import type { ServicePlace, ServiceReader } from "./rules/check-service.ts";

type CheckReader = BlockReader<typeof checkKeys>;

/** Decodes a `service` block; what a server asks of it is looked at elsewhere. */
export function decodeService(reader: ServiceReader, place: ServicePlace): Service {
  const portLabel = reader.get("port") ?? "";
  const taskName = reader.get("task") ?? (place.level === "task" ? place.taskName : "");
  const name = serviceName(reader, place);
  return {
    name,
    portLabel,
    tags: reader.get("tags") ?? [],
    provider: reader.get("provider") === "nomad" ? "nomad" : "consul",
    address: reader.get("address") ?? "",
    checks: reader.blocks("check").map((check) => decodeCheck(check, { service: reader, name, portLabel, taskName })),
    position: reader.block.position,
  };
}

interface CheckPlace {
  readonly service: ServiceReader;
  readonly name: string;
  readonly portLabel: string;
  readonly taskName: string;
}

function decodeCheck(reader: CheckReader, place: CheckPlace): ServiceCheck {
  const { service, name, portLabel, taskName } = place;
  const restart = decodeRestart(reader, service);
  return {
    name: textOf(reader, "name", `service: "${name}" check`),
    type: decodeType(reader),
    portLabel: textOf(reader, "port", portLabel),
    addressMode: reader.get("address_mode") ?? "",
    command: reader.get("command") ?? "",
    args: reader.get("args") ?? [],
    taskName: textOf(reader, "task", taskName),
    path: textOf(reader, "path", "/"),
    protocol: (reader.get("protocol") ?? "").toLowerCase() === "https" ? "https" : "http",
    method: textOf(reader, "method", "GET").toUpperCase(),
    headers: decodeHeaders(reader),
    body: reader.get("body") ?? "",
    isInsecure: reader.get("tls_skip_verify") ?? false,
    tlsServerName: reader.get("tls_server_name") ?? "",
    grpcService: reader.get("grpc_service") ?? "",
    isGrpcOverTls: reader.get("grpc_use_tls") ?? false,
    intervalMs: reader.get("interval") ?? 0,
    timeoutMs: reader.get("timeout") ?? 0,
    initialStatus: reader.get("initial_status") ?? "",
    thresholds: {
      successesBeforePassing: reader.get("success_before_passing") ?? 0,
      failuresBeforeCritical: reader.get("failures_before_critical") ?? 0,
      failuresBeforeWarning: reader.get("failures_before_warning") ?? 0,
    },
    isReadiness: textOf(reader, "on_update", service.get("on_update") ?? "") === "ignore",
    ...(restart === undefined ? {} : { restart }),
    position: reader.block.position,
  };
}

/** An empty text counts as none (`nomad`). */
function textOf(reader: CheckReader, key: "method" | "name" | "on_update" | "path" | "port" | "task", otherwise: string): string {
  const text = reader.get(key) ?? "";
  return text === "" ? otherwise : text;
}

function decodeType(reader: CheckReader): ServiceCheck["type"] {
  const type = (reader.get("type") ?? "").toLowerCase();
  return type === "http" || type === "grpc" || type === "script" ? type : "tcp";
}

const defaultGraceMs = 1_000;

/** What the check says counts before what its service says, key by key (`nomad`: CheckRestart.Merge). */
function decodeRestart(check: CheckReader, service: ServiceReader): CheckRestart | undefined {
  const [own, inherited] = [check.optionalBlock("check_restart"), service.optionalBlock("check_restart")];
  const [ownLimit = 0, inheritedLimit = 0] = [own?.get("limit"), inherited?.get("limit")];
  const limit = ownLimit > 0 ? ownLimit : inheritedLimit;
  if (limit <= 0) return undefined;
  return {
    limit,
    graceMs: own?.get("grace") ?? inherited?.get("grace") ?? defaultGraceMs,
    ignoresWarnings: own?.get("ignore_warnings") === true || inherited?.get("ignore_warnings") === true,
  };
}

function decodeHeaders(reader: CheckReader): Readonly<Record<string, readonly string[]>> {
  const attributes = reader.optionalBlock("header")?.block.body.attributes ?? [];
  return Object.fromEntries(
    attributes.map(({ name, value }) => [name, (value !== null && isList(value) ? value : []).map((item) => toText(item) ?? "")]),
  );
}
