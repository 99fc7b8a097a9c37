import { isList, toText } from "@driver/hcl";
import type { BlockReader } from "./block-reader.ts";
import type { Service, ServiceCheck } from "./job.ts";
import type { checkKeys } from "./keys/service-keys.ts";
import { serviceName } from "./rules/check-service.ts";
import type { ServicePlace, ServiceReader } from "./rules/check-service.ts";

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

function decodeCheck(reader: BlockReader<typeof checkKeys>, { service, name, portLabel, taskName }: CheckPlace): ServiceCheck {
  const type = (reader.get("type") ?? "").toLowerCase();
  const restart = reader.optionalBlock("check_restart") ?? service.optionalBlock("check_restart");
  const limit = restart?.get("limit") ?? 0;
  return {
    name: reader.get("name") ?? `service: "${name}" check`,
    type: type === "http" || type === "grpc" || type === "script" ? type : "tcp",
    portLabel: reader.get("port") ?? portLabel,
    command: reader.get("command") ?? "",
    args: reader.get("args") ?? [],
    taskName: reader.get("task") ?? taskName,
    path: reader.get("path") ?? "/",
    protocol: (reader.get("protocol") ?? "").toLowerCase() === "https" ? "https" : "http",
    method: (reader.get("method") ?? "GET").toUpperCase(),
    headers: decodeHeaders(reader),
    body: reader.get("body") ?? "",
    isInsecure: reader.get("tls_skip_verify") ?? false,
    intervalMs: reader.get("interval") ?? 0,
    timeoutMs: reader.get("timeout") ?? 0,
    ...(limit > 0 ? { restart: { limit, graceMs: restart?.get("grace") ?? 1_000 } } : {}),
    position: reader.block.position,
  };
}

function decodeHeaders(reader: BlockReader<typeof checkKeys>): Readonly<Record<string, readonly string[]>> {
  const attributes = reader.optionalBlock("header")?.block.body.attributes ?? [];
  return Object.fromEntries(
    attributes.map(({ name, value }) => [name, (isList(value) ? value : [value]).map((item) => toText(item) ?? "")]),
  );
}
