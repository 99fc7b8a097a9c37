import type { BlockReader } from "../block-reader.ts";
import type { groupKeys } from "../keys/group-keys.ts";
import { checkService, serviceName } from "./check-service.ts";
import type { ServiceReader } from "./check-service.ts";

interface Registered {
  readonly id: string;
  readonly provider: string;
  readonly reader: ServiceReader;
}

/** What a Nomad server asks of the services of a group, and of those of its tasks together with them. */
export function checkGroupServices(reader: BlockReader<typeof groupKeys>, jobName: string): void {
  const groupName = reader.label;
  const tasks = reader.blocks("task");
  const taskNames = tasks.map(({ label }) => label);
  const ofTasks = tasks.flatMap((task) =>
    task.blocks("service").map((service) => {
      const place = {
        level: "task",
        defaultName: `${jobName}-${groupName}-${task.label}`,
        jobName,
        groupName,
        taskName: task.label,
      } as const;
      checkOwnTask(service, task.label);
      return toRegistered(service, serviceName(service, place), task.label);
    }),
  );
  const ofGroup = reader.blocks("service").map((service) => {
    const place = { level: "group", defaultName: `${jobName}-${groupName}`, jobName, groupName, taskName: "group" } as const;
    checkService(service, place);
    checkGroupChecks(service, taskNames);
    return toRegistered(service, serviceName(service, place), "group");
  });
  checkTogether([...ofTasks, ...ofGroup]);
}

function toRegistered(reader: ServiceReader, name: string, task: string): Registered {
  const provider = reader.get("provider") ?? "";
  return { id: JSON.stringify([name, task, reader.get("port") ?? ""]), provider: provider === "" ? "consul" : provider, reader };
}

function checkTogether(services: readonly Registered[]): void {
  const seen = new Set<string>();
  const [first] = services;
  for (const { id, provider, reader } of services) {
    if (seen.has(id)) reader.report("service: there is one already with this name, task and port");
    seen.add(id);
    if (provider !== first?.provider) reader.report("service: all services of a group must have the same provider", "provider");
  }
}

function checkOwnTask(service: ServiceReader, taskName: string): void {
  const named = service.get("task") ?? "";
  if (named !== "" && named !== taskName) service.report(`service: task must be the one it stands in, "${taskName}"`, "task");
}

function checkGroupChecks(service: ServiceReader, taskNames: readonly string[]): void {
  const serviceTask = service.get("task") ?? "";
  for (const check of service.blocks("check")) {
    const task = check.get("task") ?? "";
    if (check.get("type") === "script" && task === "" && serviceTask === "")
      check.report("check: a script needs the task to run in, named here or in the service", "type");
    if (task === "") continue;
    if (check.get("address_mode") === "driver") check.report('check: address_mode "driver" has no place in a group', "address_mode");
    if (!taskNames.includes(task)) check.report(`check: there is no task ${JSON.stringify(task)} in this group`, "task");
  }
}
