import type { MessageInitShape } from "@bufbuild/protobuf";
import { PluginType as PluginTypeNumber } from "../gen/base_forms.ts";
import type {
  ClientTopology as TopologyMessage,
  PluginInfoResponse,
  PluginInfoResponseSchema,
  SetConfigRequest,
  SetConfigRequestSchema,
} from "../gen/base_pb.ts";
import type { ClientTopology, PluginConfig, PluginInfo } from "../task-driver.ts";
import { enumNames } from "./enum-names.ts";
import { toUint32, toUint64 } from "./numbers.ts";

const pluginTypes = enumNames([
  ["unknown", PluginTypeNumber.UNKNOWN],
  ["driver", PluginTypeNumber.DRIVER],
  ["device", PluginTypeNumber.DEVICE],
]);

/** A plugin's identity as its message. */
export function toPluginInfoMessage(info: PluginInfo): MessageInitShape<typeof PluginInfoResponseSchema> {
  return { type: pluginTypes.toNumber(info.type), pluginApiVersions: [...info.apiVersions], pluginVersion: info.version, name: info.name };
}

/** A plugin's identity from its message. */
export function fromPluginInfoMessage(message: PluginInfoResponse): PluginInfo {
  return {
    type: pluginTypes.fromNumber(message.type),
    apiVersions: message.pluginApiVersions,
    version: message.pluginVersion,
    name: message.name,
  };
}

/** The agent's configuration as its message. */
export function toSetConfigMessage(config: PluginConfig): MessageInitShape<typeof SetConfigRequestSchema> {
  const { client } = config;
  return {
    msgpackConfig: config.msgpack,
    pluginApiVersion: config.apiVersion,
    ...(client && {
      nomadConfig: {
        driver: {
          ClientMinPort: toUint32(client.minPort),
          ClientMaxPort: toUint32(client.maxPort),
          ...(client.topology && { Topology: toTopologyMessage(client.topology) }),
        },
      },
    }),
  };
}

/** The agent's configuration from its message. */
export function fromSetConfigMessage(message: SetConfigRequest): PluginConfig {
  const driver = message.nomadConfig?.driver;
  return {
    msgpack: message.msgpackConfig,
    apiVersion: message.pluginApiVersion,
    client: driver && {
      minPort: driver.ClientMinPort,
      maxPort: driver.ClientMaxPort,
      topology: driver.Topology && fromTopologyMessage(driver.Topology),
    },
  };
}

function toTopologyMessage(topology: ClientTopology) {
  return {
    overrideTotalCompute: toUint64(topology.totalComputeMhz),
    cores: Array.from({ length: toUint32(topology.coreCount) }, (_, coreId) => ({ coreId })),
  };
}

/**
 * Cores and their sum in MHz. The operator's `cpu_total_compute` goes before the sum over the cores, and of a
 * core the base speed before the maximum before the guess (`nomad`).
 */
function fromTopologyMessage(message: TopologyMessage): ClientTopology {
  const sum = message.cores.reduce((total, core) => total + (core.baseSpeed || core.maxSpeed || core.guessSpeed), 0n);
  return { coreCount: message.cores.length, totalComputeMhz: Number(message.overrideTotalCompute || sum) };
}
