import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { after, describe, test } from "node:test";
import { taskSamples, topicKeys } from "@driver/podman-driver/docs";
import { findTool, startEngine, whyNoJournal } from "@driver/testing";
import { toExampleGroup, toExampleLines } from "../scripts/docs/option-example.ts";
import { CliWorkplace } from "./cli-run.ts";
import { openArchiveServer, openJournal, openRegistry, openWeighedDisk, type ExamplePlace, type PlacedExamples } from "./example-places.ts";

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
const dockerArchive = "/run/option-examples/docker/redis.tar";
mkdirSync(dirname(dockerArchive));
await ask("save", "--format", "docker-archive", "--output", dockerArchive, "docker.io/library/redis:7");
const checksum = createHash("sha256").update(readFileSync(archive)).digest("hex");

const [major = 0, minor = 0] = (await ask("version", "--format", "{{.Server.Version}}")).split(".").map(Number);
const runtime = await ask("info", "--format", "{{.Host.OCIRuntime.Name}}");
const disk = findDisk();

const needsDisk = disk === undefined && "wants a disk";
const isSince = (...version: readonly [number, number]): boolean => major > version[0] || (major === version[0] && minor >= version[1]);

/** Of cgroup v2; undefined: the host has v1. */
const controllers = readIfThere("/sys/fs/cgroup/cgroup.controllers")?.trim().split(" ");

/** Why this machine cannot show an example; false: it can. */
const leftOut: Readonly<Record<string, string | false>> = {
  storage_opt: "wants a kernel with XFS_QUOTA: Podman has a size for containers with overlay on xfs with project quotas alone",
  cgroup_conf: controllers === undefined && "wants cgroup v2",
  cpuset_mems: controllers?.includes("cpuset") === false && "wants the cgroup controller cpuset",
  blkio_weight: !(await mayWeighDiskTime()) && "wants a kernel that weighs disk time, or drops that with cgroup v1",
  devices: !existsSync("/dev/fuse") && "wants /dev/fuse",
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

const places: readonly PlacedExamples[] = [
  { keys: ["load"], skip: undefined, open: () => openArchiveServer(engine, dockerArchive) },
  {
    keys: ["arch", "variant", "force_pull"],
    skip: findTool("docker-registry") === undefined ? "wants docker-registry" : undefined,
    open: openRegistry,
  },
  { keys: ["logging", "logging.options", "logging.config"], skip: whyNoJournal(), open: openJournal },
  {
    keys: ["blkio_weight_device"],
    skip: existsSync("/dev/loop-control") ? undefined : "wants loop devices, of which one can have the I/O scheduler bfq",
    open: () => openWeighedDisk(engine),
  },
];
const placed = new Set(places.flatMap(({ keys }) => keys));

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
const examples = toExamples().filter(({ keys }) => keys.every((key) => !(leftOut[key] ?? false)));
const shown = examples.filter(({ keys }) => keys.every((key) => !placed.has(key)));
const home: ExamplePlace = { socketPath: engine.socketPath, names: ownNames, [Symbol.asyncDispose]: () => Promise.resolve() };
const runs = Array.from({ length: Math.ceil(shown.length / atATime) }, (_none, index) => {
  let running: Promise<Outcome> | undefined;
  return () => (running ??= runAll(shown.slice(index * atATime, (index + 1) * atATime), home));
});

describe("the example in the table of a task's config runs on Podman", () => {
  for (const [index, { keys }] of shown.entries()) {
    test(`that of ${keys.join(", ")}`, async () => {
      const { ends, log } = (await runs[Math.floor(index / atATime)]?.()) ?? assert.fail("no run");
      assert.equal(ends.get(toName(keys)), 0, log);
    });
  }
  for (const { keys, skip, open } of places) {
    test(`that of ${keys.join(", ")}, with what it wants around it`, { skip: skip ?? false }, async () => {
      const wanted = examples.filter((example) => example.keys.some((key) => keys.includes(key)));
      assert.deepEqual(wanted.flatMap((example) => example.keys).toSorted(), keys.toSorted());
      await using place = await open();
      const { ends, log } = await runAll(wanted, place);
      for (const example of wanted) assert.equal(ends.get(toName(example.keys)), 0, log);
    });
  }
  for (const [key, reason] of Object.entries(leftOut)) if (reason !== false) test(`that of ${key}`, { skip: reason }, () => undefined);
});

test("no example is left out that is not there", () => {
  assert.deepEqual([...Object.keys(leftOut), ...placed].filter((key) => !(key in taskSamples)), []);
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
async function runAll(wanted: readonly Example[], place: ExamplePlace): Promise<Outcome> {
  await using workplace = await CliWorkplace.create();
  const beside = (place.taskLines ?? []).map((line) => `      ${line}\n`).join("");
  const groups = wanted
    .map(({ keys, lines }) => toExampleGroup(toName(keys), [...lines, ...toRest(lines)]))
    .map((group) => withNames(group, place.names ?? {}).replace('      driver = "podman"\n', (line) => line + beside));
  const job = await workplace.write("job.hcl", `job "examples" {\n  type = "batch"\n${groups.join("")}}\n`);
  const socket = (name: string): string => `socket {\n  name = "${name}"\n  socket_path = "${place.socketPath}"\n}\n`;
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

function withNames(text: string, names: Readonly<Record<string, string>>): string {
  return Object.entries(names).reduce((all, [theirs, own]) => all.replaceAll(theirs, own), text);
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

/** On v2 a group has the file only where controllers have been handed on, as they are to a container. */
async function mayWeighDiskTime(): Promise<boolean> {
  if (controllers === undefined) return true;
  await ask("run", "--rm", "--network", "none", "docker.io/library/busybox:1", "true");
  return globSync("/sys/fs/cgroup/**/io.{weight,bfq.weight}").length > 0;
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** What Podman says to a command that must succeed. */
async function ask(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await engine.run(args);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}
