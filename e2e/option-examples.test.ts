import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { after, describe, test } from "node:test";
import { taskSamples, topicKeys } from "@driver/podman-driver/docs";
import { startEngine } from "@driver/testing";
import { toExampleGroup, toExampleLines } from "../scripts/docs/option-example.ts";
import { CliWorkplace } from "./cli-run.ts";

const engine = await startEngine({ folder: "/run/option-examples" }, AbortSignal.timeout(120_000));
after(() => engine.close());

/** What the examples name. */
for (const image of ["docker.io/library/busybox:1", "docker.io/library/redis:7"]) await engine.importBusybox(image);
await ask("network", "create", "--ipv6", "--subnet", "10.89.0.0/24", "--subnet", "fd00::/64", "front");
await ask("network", "create", "--subnet", "10.89.1.0/24", "back");
await ask("secret", "create", "db", "/etc/hostname");
await ask("pod", "create", "--name", "web");

const archive = "/run/option-examples/redis.tar";
await ask("save", "--format", "oci-archive", "--output", archive, "docker.io/library/redis:7");
const checksum = createHash("sha256").update(readFileSync(archive)).digest("hex");

const [major = 0, minor = 0] = (await ask("version", "--format", "{{.Server.Version}}")).split(".").map(Number);
const runtime = await ask("info", "--format", "{{.Host.OCIRuntime.Name}}");
const disk = findDisk();

const asksRegistry = "asks a registry, of which the tests of images have their own";
const needsJournal = "wants the host's journal, of which the tests of log drivers have their own";
const needsIds = "wants ids for containers in /etc/subuid, which the tests of user namespaces make";
const needsDisk = disk === undefined && "wants a disk";
const isSince = (...version: readonly [number, number]): boolean => major > version[0] || (major === version[0] && minor >= version[1]);

/** Why this machine cannot show an example; false: it can. */
const leftOut: Readonly<Record<string, string | false>> = {
  load: "wants an archive, of which the tests of images have their own",
  arch: asksRegistry,
  variant: asksRegistry,
  force_pull: asksRegistry,
  logging: needsJournal,
  "logging.options": needsJournal,
  "logging.config": needsJournal,
  userns: needsIds,
  userns_mode: needsIds,
  storage_opt: "wants overlay on xfs with project quotas",
  cgroup_conf: !existsSync("/sys/fs/cgroup/cgroup.controllers") && "wants cgroup v2",
  devices: !existsSync("/dev/fuse") && "wants /dev/fuse",
  blkio_weight_device: "wants a disk with the I/O scheduler bfq",
  device_read_bps: needsDisk,
  device_write_bps: needsDisk,
  device_read_iops: needsDisk,
  device_write_iops: needsDisk,
  "mount.volume_options.subpath": !isSince(5, 0) && "wants Podman 5.0",
  "mounts.volume_options.subpath": !isSince(5, 0) && "wants Podman 5.0",
  ...Object.fromEntries(
    ["", ".test", ".interval", ".timeout", ".success"].map((name) => [
      `healthcheck.startup${name}`,
      !isSince(4, 5) && "wants Podman 4.5",
    ]),
  ),
};

/** What stands in an example for what every machine calls otherwise. */
const ownNames: Readonly<Record<string, string>> = {
  "/dev/sda": disk ?? "/dev/sda",
  '"runc"': `"${runtime}"`,
  "oci-archive:/x.tar": `oci-archive:${archive}`,
  ["0".repeat(64)]: checksum,
};

/** Keys that have one example, with its lines. */
interface Example {
  readonly keys: readonly string[];
  readonly lines: readonly string[];
}

const atATime = 14;
const shown = toExamples().filter(({ keys }) => keys.every((key) => !(leftOut[key] ?? false)));
const runs = Array.from({ length: Math.ceil(shown.length / atATime) }, (_none, index) => {
  let running: Promise<Outcome> | undefined;
  return () => (running ??= runAll(shown.slice(index * atATime, (index + 1) * atATime)));
});

describe("the example in the table of a task's config runs on Podman", () => {
  for (const [index, { keys }] of shown.entries()) {
    test(`that of ${keys.join(", ")}`, async () => {
      const { ends, log } = (await runs[Math.floor(index / atATime)]?.()) ?? assert.fail("no run");
      assert.equal(ends.get(toName(keys)), 0, log);
    });
  }
  for (const [key, reason] of Object.entries(leftOut)) if (reason !== false) test(`that of ${key}`, { skip: reason }, () => undefined);
});

test("no example is left out that is not there", () => {
  assert.deepEqual(Object.keys(leftOut).filter((key) => !(key in taskSamples)), []);
});

/** Each once, though several keys have it. */
function toExamples(): readonly Example[] {
  const byText = Map.groupBy(Object.entries(taskSamples), ([, sample]) => toExampleLines(sample).join("\n"));
  return [...byText].map(([text, samples]) => ({ keys: samples.map(([key]) => key), lines: text.split("\n") }));
}

/** The name of an example's group and task. */
function toName([key = ""]: readonly string[]): string {
  return key.replaceAll(".", "-");
}

interface Outcome {
  /** Exit codes by the names of the tasks that have ended. */
  readonly ends: ReadonlyMap<string, number | undefined>;
  /** All that was said. */
  readonly log: string;
}

/** Runs examples as the groups of one job. Settles when all have ended. */
async function runAll(examples: readonly Example[]): Promise<Outcome> {
  await using workplace = await CliWorkplace.create();
  const groups = examples.map(({ keys, lines }) => toExampleGroup(toName(keys), [...lines.map(withOwnNames), ...toRest(lines)]));
  const job = await workplace.write("job.hcl", `job "examples" {\n  type = "batch"\n${groups.join("")}}\n`);
  const socket = (name: string): string => `socket {\n  name = "${name}"\n  socket_path = "${engine.socketPath}"\n}\n`;
  const plugin = `plugin "nomad-driver-podman" {\n  config {\n${socket("default")}${socket("other")}  }\n}\n`;
  const config = await workplace.write("agent.hcl", plugin);
  const { stdout, stderr } = await workplace.run(["run", "-json", "-plugin-config", config, job]);
  const events = stdout.split("\n").filter((line) => line !== "").map((line): Event => JSON.parse(line));
  const ended = events.flatMap(({ kind, task = "", result }) => (kind === "task-exited" ? [[task, result?.exitCode] as const] : []));
  return { ends: new Map(ended), log: `${stdout}${stderr}` };
}

/** A line of `run -json`, as far as it is looked at. */
interface Event {
  readonly kind: string;
  readonly task?: string;
  readonly result?: { readonly exitCode: number };
}

function withOwnNames(line: string): string {
  return Object.entries(ownNames).reduce((text, [theirs, own]) => text.replaceAll(theirs, own), line);
}

const ofNetworks = [...(topicKeys["network"] ?? []), ...(topicKeys["dns"] ?? [])];

/** What ends by itself, where an example has nothing to run; and no network where none is asked for, which saves half of the time. */
function toRest(lines: readonly string[]): readonly string[] {
  const keys = lines.map((line) => line.split(" ", 1)[0] ?? "");
  return [
    ...(keys.some((key) => ["command", "args", "entrypoint"].includes(key)) ? [] : ['command = "true"']),
    ...(keys.some((key) => ofNetworks.includes(key)) ? [] : ['network_mode = "none"']),
  ];
}

function findDisk(): string | undefined {
  const names = readFileSync("/proc/partitions", "utf8").split("\n").flatMap((line) => line.trim().split(/\s+/)[3] ?? []);
  return names.map((name) => `/dev/${name}`).find((path) => statSync(path, { throwIfNoEntry: false })?.isBlockDevice());
}

/** What Podman says to a command that must succeed. */
async function ask(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await engine.run(args);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}
