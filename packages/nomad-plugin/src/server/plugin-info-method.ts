import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { RpcMethod } from "@driver/go-plugin";
import type { PluginInfo, TaskDriver } from "../task-driver.ts";
import type { CallReporter } from "./call-reporter.ts";

/**
 * Answers who a plugin is. An agent starts each plugin once only to hear that, so the message is written without its description,
 * which the other messages of the base service share: loading descriptions is a quarter of a start.
 */
export function pluginInfoMethod(driver: Pick<TaskDriver, "pluginInfo">, { answer }: CallReporter): RpcMethod {
  return {
    path: "/hashicorp.nomad.plugins.base.proto.BasePlugin/PluginInfo",
    name: "PluginInfo",
    kind: "unary",
    wire: {
      inputName: "hashicorp.nomad.plugins.base.proto.PluginInfoRequest",
      decode: () => undefined,
      encode: (info) => encodePluginInfo(info as PluginInfo),
    },
    answer: (_request, call) => answer(call, (signal) => driver.pluginInfo(signal)),
  };
}

/** `PluginType` of base.proto. */
const typeNumbers: Readonly<Record<PluginInfo["type"], number>> = { unknown: 0, driver: 2, device: 3 };

/** `PluginInfoResponse` of base.proto. */
function encodePluginInfo({ type, apiVersions, version, name }: PluginInfo): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.Varint).int32(typeNumbers[type]);
  for (const apiVersion of apiVersions) writer.tag(2, WireType.LengthDelimited).string(apiVersion);
  writer.tag(3, WireType.LengthDelimited).string(version);
  return writer.tag(4, WireType.LengthDelimited).string(name).finish();
}
