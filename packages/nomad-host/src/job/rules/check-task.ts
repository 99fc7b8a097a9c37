import { logFileDefaults } from "@driver/nomad-plugin";
import type { BlockReader } from "../block-reader.ts";
import type { JobType } from "../job.ts";
import type { taskKeys, templateKeys } from "../keys/task-keys.ts";
import { checkArtifacts } from "./check-artifacts.ts";
import { checkScheduling } from "./check-placement.ts";
import { checkTaskScaling } from "./check-rollout.ts";
import { checkIdentity, checkService } from "./check-service.ts";
import type { ServiceReader } from "./check-service.ts";
import { checkVolumeMounts } from "./check-volumes.ts";
import { leavesAllocation } from "./leaves-allocation.ts";

type TaskReader = BlockReader<typeof taskKeys>;

export interface TaskPlace {
  readonly type: JobType;
  readonly jobName: string;
  readonly groupName: string;
  /** Of the group's networks; undefined: not known, since they could not be evaluated. */
  readonly portLabels: readonly string[] | undefined;
  /** Names of the group's volumes; undefined as above. */
  readonly volumes: readonly string[] | undefined;
  /** What the group's ephemeral_disk asks for. */
  readonly diskMb: number;
  /** Of the group's updates; 0: there is none. */
  readonly progressDeadlineMs: number;
}

/** What a Nomad server asks of a task. */
export function checkTask(reader: TaskReader, place: TaskPlace): void {
  checkScheduling({ constraints: reader.blocks("constraint"), affinities: reader.blocks("affinity") }, { type: place.type, level: "task" });
  if (place.progressDeadlineMs > 0 && (reader.get("kill_timeout") ?? 0) > place.progressDeadlineMs) {
    const rule = "must not be longer than the progress_deadline of the group's update";
    reader.report(`argument kill_timeout in task "${reader.label}": ${rule}`, "kill_timeout");
  }
  checkServices(reader, place);
  checkLogs(reader, place.diskMb);
  checkTemplates(reader);
  checkPayload(reader);
  checkArtifacts(reader.blocks("artifact"));
  checkVolumeMounts(reader.blocks("volume_mount"), place.volumes);
  checkIdentities(reader);
  checkTaskScaling(reader.blocks("scaling"));
}

function checkServices(reader: TaskReader, { jobName, groupName, portLabels }: TaskPlace): void {
  const taskName = reader.label;
  const place = { level: "task", defaultName: `${jobName}-${groupName}-${taskName}`, jobName, groupName, taskName } as const;
  for (const service of reader.blocks("service")) {
    checkService(service, place);
    if (portLabels !== undefined) checkPorts(service, [...portLabels, ...ownPortLabels(reader)]);
    const names = service.blocks("check").map((check) => check.get("name") ?? "");
    for (const [index, check] of service.blocks("check").entries())
      if (names.indexOf(names[index] ?? "") < index) check.report("check: there is one already with this name", "name");
  }
}

/** Ports in the old place, `resources { network { … } }`, which is refused by itself. */
function ownPortLabels(reader: TaskReader): readonly string[] {
  const resources = reader.optionalBlock("resources")?.block.body.blocks ?? [];
  const ports = resources.filter(({ type }) => type === "network").flatMap(({ body }) => body.blocks);
  return ports.filter(({ type }) => type === "port").map(({ labels }) => labels[0] ?? "");
}

function checkPorts(service: ServiceReader, portLabels: readonly string[]): void {
  const own = service.get("port") ?? "";
  const isNumber = (port: string) => /^[-+]?\d+$/.test(port);
  const isDriver = service.get("address_mode") === "driver";
  if (own !== "" && !(isDriver && isNumber(own)) && !portLabels.includes(own))
    service.report(`service: the group's network has no port ${JSON.stringify(own)}`, "port");
  for (const check of service.blocks("check")) {
    const port = check.get("port") ?? own;
    if (port === "" || !["grpc", "http", "tcp"].includes(check.get("type") ?? "")) continue;
    if (isNumber(port)) {
      if (check.get("address_mode") !== "driver") check.report('check: a port\'s number needs address_mode = "driver"', "port");
      else if (Number(port) <= 0) check.report("check: port must be more than 0", "port");
    } else if (!portLabels.includes(port)) check.report(`check: the group's network has no port ${JSON.stringify(port)}`, "port");
  }
}

function checkLogs(reader: TaskReader, diskMb: number): void {
  const logs = reader.optionalBlock("logs");
  const { maxFiles, maxFileSizeMb } = logFileDefaults;
  const logsMb = (logs?.get("max_files") ?? maxFiles) * (logs?.get("max_file_size") ?? maxFileSizeMb);
  const where = logs ?? reader;
  if (logsMb >= diskMb) where.report(`logs: ${logsMb} MB of them must be less than the ${diskMb} MB of the group's ephemeral_disk`);
  if (logs?.get("enabled") !== undefined && logs.get("disabled") !== undefined && logs.get("enabled") === logs.get("disabled"))
    logs.report("logs: enabled and disabled contradict each other", "enabled");
}

function checkTemplates(reader: TaskReader): void {
  const destinations = new Map<string, number>();
  for (const template of reader.blocks("template")) {
    const destination = template.get("destination") ?? "";
    const earlier = destinations.get(destination);
    if (earlier !== undefined) template.report(`template: the one on line ${earlier} has the same destination`, "destination");
    destinations.set(destination, template.block.position.line);
    if (leavesAllocation(destination)) template.report("template: the destination lies outside the allocation's folder", "destination");
    checkChange(template);
  }
}

function checkPayload(reader: TaskReader): void {
  const payload = reader.optionalBlock("dispatch_payload");
  if (payload !== undefined && leavesAllocation(`local/${payload.get("file") ?? ""}`))
    payload.report("dispatch_payload: the file lies outside the allocation's folder", "file");
}

function checkChange(template: BlockReader<typeof templateKeys>): void {
  const mode = template.get("change_mode") ?? "restart";
  if (!["noop", "restart", "signal", "script"].includes(mode))
    template.report(`template: change_mode must be noop, restart, signal or script, not ${JSON.stringify(mode)}`, "change_mode");
  if (mode === "signal" && template.get("change_signal") === "")
    template.report('template: change_signal is empty; change_mode "signal" needs one', "change_signal");
  if (mode === "signal" && template.get("env") === true)
    template.report('template: change_mode "signal" is not for variables of the environment', "change_mode");
  const script = template.optionalBlock("change_script");
  if (mode === "script" && script === undefined) template.report("template: change_script is missing", "change_mode");
  if (mode === "script" && script !== undefined && (script.get("command") ?? "") === "") script.report("change_script: command is missing");
  if ((template.get("splay") ?? 0) < 0) template.report("template: splay must not be negative", "splay");
  const wait = template.optionalBlock("wait");
  const [minMs, maxMs] = [wait?.get("min"), wait?.get("max")];
  if (minMs !== undefined && maxMs !== undefined && minMs > maxMs) wait?.report("wait: min must not be more than max", "min");
}

function checkIdentities(reader: TaskReader): void {
  const defaults = reader.blocks("identity").filter((identity) => ["", "default"].includes(identity.get("name") ?? ""));
  if (defaults[1]?.get("name") === "default") defaults[1].report("identity: there is a default one already");
  for (const identity of reader.blocks("identity")) {
    checkIdentity(identity);
    const isForOthers = (identity.get("aud") ?? []).some((audience) => audience !== "nomadproject.io");
    const isNamed = !["", "default"].includes(identity.get("name") ?? "");
    if (isForOthers || isNamed) identity.refuse("block identity: not supported: identities for other services need a Nomad server");
  }
}
