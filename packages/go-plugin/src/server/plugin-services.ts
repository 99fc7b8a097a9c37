import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { waitAborted } from "@driver/std";
import { Health, HealthCheckResponseSchema, HealthCheckResponse_ServingStatus } from "../gen/grpc/health/v1/health_pb.ts";
import type { HealthCheckResponse } from "../gen/grpc/health/v1/health_pb.ts";
import { GRPCBroker, GRPCController, GRPCStdio } from "../gen/plugin/go_plugin_pb.ts";
import type { RpcServices } from "./rpc-services.ts";

/** The services that hosts expect of any plugin. `onShutdown` runs once the answer to Shutdown is on its way. */
export function addPluginServices(services: RpcServices, options: { readonly onShutdown: () => void }): void {
  services.add(GRPCController, {
    shutdown(_request, call) {
      // The signal aborts when the call is over. A host waits for the answer without limit, so it comes first.
      call.signal.addEventListener("abort", options.onShutdown, { once: true });
      return {};
    },
  });
  services.add(GRPCBroker, {
    async *startStream(requests) {
      for await (const announced of requests) void announced;
    },
  });
  services.add(GRPCStdio, {
    async *streamStdio(_request, call) {
      await waitAborted(call.signal);
    },
  });
  services.add(Health, {
    check: ({ service }) => {
      if (!isServing(service)) throw new ConnectError(`unknown service ${service}`, Code.NotFound);
      return servingStatus(service);
    },
    async *watch({ service }, call) {
      yield servingStatus(service);
      await waitAborted(call.signal);
    },
  });
}

/** go-plugin's own name for the plugin as a whole; the empty name stands for the server. */
function isServing(service: string): boolean {
  return service === "" || service === "plugin";
}

function servingStatus(service: string): HealthCheckResponse {
  const { SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;
  return create(HealthCheckResponseSchema, { status: isServing(service) ? SERVING : SERVICE_UNKNOWN });
}

