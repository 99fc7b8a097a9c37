import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { Health, HealthCheckResponseSchema, HealthCheckResponse_ServingStatus } from "../gen/grpc/health/v1/health_pb.ts";
import type { HealthCheckResponse } from "../gen/grpc/health/v1/health_pb.ts";
import { GRPCBroker, GRPCController, GRPCStdio } from "../gen/plugin/go_plugin_pb.ts";

/** The services that hosts expect of any plugin. `onShutdown` runs once the answer to Shutdown is on its way. */
export function registerPluginServices(router: ConnectRouter, options: { readonly onShutdown: () => void }): void {
  router.service(GRPCController, {
    shutdown(_request, context) {
      // The context ends with the call. A host waits for the answer without limit, so it comes first.
      context.signal.addEventListener("abort", options.onShutdown, { once: true });
      return {};
    },
  });
  router.service(GRPCBroker, {
    async *startStream(requests) {
      for await (const announced of requests) void announced;
    },
  });
  router.service(GRPCStdio, {
    async *streamStdio(_request, context) {
      await untilAborted(context);
    },
  });
  router.service(Health, {
    check: ({ service }) => {
      if (!isServing(service)) throw new ConnectError(`unknown service ${service}`, Code.NotFound);
      return servingStatus(service);
    },
    async *watch({ service }, context) {
      yield servingStatus(service);
      await untilAborted(context);
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

async function untilAborted({ signal }: HandlerContext): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}
