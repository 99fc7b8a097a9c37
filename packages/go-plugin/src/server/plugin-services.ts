import { Code, ConnectError } from "@connectrpc/connect";
import { waitAborted } from "@driver/std";
import { HealthCheckResponse_ServingStatus as ServingStatus, HealthForm } from "../gen/grpc/health/v1/health_forms.ts";
import type { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { GRPCBrokerForm, GRPCControllerForm, GRPCStdioForm } from "../gen/plugin/go_plugin_forms.ts";
import type { GRPCBroker, GRPCController, GRPCStdio } from "../gen/plugin/go_plugin_pb.ts";
import type { RpcServices } from "./rpc-services.ts";
import { toMethods } from "./service-methods.ts";

/** The services that hosts expect of any plugin. `onShutdown` runs once the answer to Shutdown is on its way. */
export function addPluginServices(services: RpcServices, options: { readonly onShutdown: () => void }): void {
  services.add(
    toMethods<typeof GRPCController>(GRPCControllerForm, {
      shutdown(_request, call) {
        // The signal aborts when the call is over. A host waits for the answer without limit, so it comes first.
        call.signal.addEventListener("abort", options.onShutdown, { once: true });
        return {};
      },
    }),
  );
  services.add(
    toMethods<typeof GRPCBroker>(GRPCBrokerForm, {
      async *startStream(requests) {
        for await (const announced of requests) void announced;
      },
    }),
  );
  services.add(
    toMethods<typeof GRPCStdio>(GRPCStdioForm, {
      async *streamStdio(_request, call) {
        await waitAborted(call.signal);
      },
    }),
  );
  services.add(
    toMethods<typeof Health>(HealthForm, {
      check: ({ service }) => {
        if (!isServing(service)) throw new ConnectError(`unknown service ${service}`, Code.NotFound);
        return servingStatus(service);
      },
      async *watch({ service }, call) {
        yield servingStatus(service);
        await waitAborted(call.signal);
      },
    }),
  );
}

/** go-plugin's own name for the plugin as a whole; the empty name stands for the server. */
function isServing(service: string): boolean {
  return service === "" || service === "plugin";
}

function servingStatus(service: string): { readonly status: 1 | 3 } {
  return { status: isServing(service) ? ServingStatus.SERVING : ServingStatus.SERVICE_UNKNOWN };
}
