import type { JobNote, Service, TaskGroup } from "./job.ts";

/** What is told of services that only Consul would make known. */
export function noteServices(groups: readonly TaskGroup[]): readonly JobNote[] {
  return groups.flatMap(({ services, tasks }) => [...services, ...tasks.flatMap((task) => task.services)]).flatMap(noteService);
}

function noteService({ name, provider, checks, position }: Service): readonly JobNote[] {
  if (provider === "nomad") return [];
  const rest = checks.length === 0 ? "" : "; its checks run";
  return [{ message: `service ${JSON.stringify(name)}: there is no Consul here, so nobody finds it${rest}`, position }];
}
