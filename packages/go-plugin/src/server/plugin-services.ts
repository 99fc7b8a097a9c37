import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import { waitAborted } from "@driver/std";
import type { MethodWire, RpcCall, RpcMethod } from "./rpc-services.ts";

/**
 * What hosts expect of any plugin. `onShutdown` runs once the answer to Shutdown is on its way. A host calls these at once, also
 * where it only wants to hear a plugin's name, so their few fields are read and written without the descriptions that all other
 * messages have: loading those is a quarter of a start.
 */
export function pluginMethods(options: { readonly onShutdown: () => void }): RpcMethod[] {
  return [
    {
      ...method("plugin.GRPCController", "Shutdown", unread("plugin.Empty")),
      kind: "unary",
      answer(_request, call) {
        // The signal aborts when the call is over. A host waits for the answer without limit, so it comes first.
        call.signal.addEventListener("abort", options.onShutdown, { once: true });
      },
    },
    {
      ...method("plugin.GRPCBroker", "StartStream", unread("plugin.ConnInfo")),
      kind: "bidi_streaming",
      async *answer(requests: AsyncIterable<unknown>) {
        for await (const announced of requests) void announced;
      },
    },
    {
      ...method("plugin.GRPCStdio", "StreamStdio", unread("google.protobuf.Empty")),
      kind: "server_streaming",
      async *answer(_request, call) {
        await waitAborted(call.signal);
      },
    },
    ...healthMethods,
  ];
}

const healthService = "grpc.health.v1.Health";
/** The message's one field, the service's name, and the answer's one field, the status. */
const healthWire: MethodWire = {
  inputName: "grpc.health.v1.HealthCheckRequest",
  decode(body) {
    const reader = new BinaryReader(body);
    let service = "";
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === 1 && type === WireType.LengthDelimited) service = reader.string();
      else reader.skip(type, field);
    }
    return service;
  },
  encode: (status) => new BinaryWriter().tag(1, WireType.Varint).int32(Number(status)).finish(),
};

const healthMethods: readonly RpcMethod[] = [
  {
    ...method(healthService, "Check", healthWire),
    kind: "unary",
    answer(service: string) {
      if (!isServing(service)) throw new ConnectError(`unknown service ${service}`, Code.NotFound);
      return servingStatus(service);
    },
  },
  {
    ...method(healthService, "Watch", healthWire),
    kind: "server_streaming",
    async *answer(service: string, call: RpcCall) {
      yield servingStatus(service);
      await waitAborted(call.signal);
    },
  },
];

function method(service: string, name: string, wire: MethodWire): Pick<RpcMethod, "path" | "name" | "wire"> {
  return { path: `/${service}/${name}`, name, wire };
}

/** Of requests that nobody looks into, and answers, if any, that hold nothing. */
function unread(inputName: string): MethodWire {
  return { inputName, decode: () => undefined, encode: () => new Uint8Array() };
}

/** go-plugin's own name for the plugin as a whole; the empty name stands for the server. */
function isServing(service: string): boolean {
  return service === "" || service === "plugin";
}

/** `ServingStatus` of grpc.health.v1: SERVING or SERVICE_UNKNOWN. */
function servingStatus(service: string): number {
  return isServing(service) ? 1 : 3;
}
