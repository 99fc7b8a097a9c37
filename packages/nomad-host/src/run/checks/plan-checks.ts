import type { Service, ServiceCheck } from "../../job/job.ts";
import { interpolateText } from "../env/interpolate.ts";
import type { Scope } from "../env/interpolate.ts";
import type { PlannedCheck } from "./planned-check.ts";

/** The checks of a task's services, or a group's, with the texts that a client fills in (`nomad`: InterpolateService). */
export function planChecks(
  services: readonly Service[],
  { task, scope }: { readonly task: string | undefined; readonly scope: Scope },
): readonly PlannedCheck[] {
  const fill = (text: string): string => interpolateText(text, scope);
  return services.flatMap(({ checks, provider, ...service }) =>
    checks.map((check) => ({
      ...check,
      ...{ name: fill(check.name), portLabel: fill(check.portLabel), path: fill(check.path), method: fill(check.method) },
      ...{ command: fill(check.command), args: check.args.map(fill), initialStatus: fill(check.initialStatus) },
      ...{ grpcService: fill(check.grpcService), headers: fillHeaders(check.headers, fill) },
      ...{ service: fill(service.name), provider, serviceAddress: fill(service.address), ownerTask: task },
    })),
  );
}

function fillHeaders(headers: ServiceCheck["headers"], fill: (text: string) => string): ServiceCheck["headers"] {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [fill(name), values.map(fill)]));
}
