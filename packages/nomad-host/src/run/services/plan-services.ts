import type { Job, Service, Task, TaskGroup } from "../../job/job.ts";
import type { FoundService } from "../../template/functions/host-functions.ts";
import { interpolateText } from "../env/interpolate.ts";
import type { Scope } from "../env/interpolate.ts";
import type { AllocatedPort } from "../ports/allocated-port.ts";

export interface ServiceHome {
  readonly allocId: string;
  readonly job: Job;
  readonly group: TaskGroup;
  /** Undefined: the services are the group's. */
  readonly task: Task | undefined;
  readonly ports: readonly AllocatedPort[];
  readonly hostIp: string;
  readonly node: string;
  readonly datacenter: string;
  readonly scope: Scope;
}

/** The services of a group or task that templates can find: those of the provider `nomad`. */
export function planServices(home: ServiceHome): readonly FoundService[] {
  const { group, task } = home;
  return (task ?? group).services.filter(({ provider }) => provider === "nomad").map((service) => toFound(service, home));
}

function toFound(service: Service, home: ServiceHome): FoundService {
  const { allocId, job, task, node, datacenter, scope } = home;
  const name = interpolateText(service.name, scope);
  const { address, port } = serviceAddress(service, home);
  return {
    id: `_nomad-task-${allocId}-${task === undefined ? `group-${home.group.name}` : task.name}-${name}-${service.portLabel}`,
    name,
    node,
    address,
    port,
    datacenter,
    tags: service.tags.map((tag) => interpolateText(tag, scope)),
    jobId: job.id,
    allocId,
  };
}

/** Where a service, or a port of one of its checks, is reached on this machine; port 0: it has none. */
export function serviceAddress(
  { address, portLabel }: Pick<Service, "address" | "portLabel">,
  { ports, hostIp, scope }: Pick<ServiceHome, "ports" | "hostIp" | "scope">,
): { readonly address: string; readonly port: number } {
  const port = ports.find(({ label }) => label === portLabel);
  return { address: address === "" ? (port?.hostIp ?? hostIp) : interpolateText(address, scope), port: port?.hostPort ?? 0 };
}
