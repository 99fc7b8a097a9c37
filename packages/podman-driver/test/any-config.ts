import assert from "node:assert/strict";
import { DriverError, encodeMsgpack, type HclRecord, type HclValue, type OptionDoc } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import fc from "fast-check";
import { resolveDriverConfig } from "../src/config/driver-config.ts";
import { pluginSchema } from "../src/config/plugin-schema.ts";
import type { EngineFacts } from "../src/engine/engine-facts.ts";
import { completeSpec } from "../src/plan/complete-spec.ts";
import { planContainer } from "../src/plan/container-plan.ts";
import { taskSchema } from "../src/plan/task-schema.ts";
import { wantTask } from "../src/plan/want-task.ts";
import { asWritten, plainFacts, plainSettings } from "./plan-of.ts";

/** Texts that mean something to one key or another, so that more than the first check of each is reached. */
const words = [
  "none", "journald", "host", "private", "auto:size=1", "keep-id:uid=1,gid=2", "task:a", "container:a", "ns:/a", "5m", "1k", "-1",
  "busybox", "docker://a", "oci-archive:a", "rootfs:/a", "/a:/b:ro", "a:/b", "/dev/null:/b:r", "nvidia.com/gpu=all", "192.0.2.1", "fd00::1",
  "02:42:ac:11:00:02", "NET_ADMIN", "ALL", "label=disable", "seccomp=unconfined", "65536:65536",
  "0:1:2", "0400", "SIGINT", "kill", "unix:///a", "sha256:0", "*", "!host", "strict",
];
const numbers: readonly HclValue[] = [0, 1, -1, 65_536, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2n ** 63n, -(2n ** 63n)];
const keys = ["constructor", "__proto__", "toString", "tag", "max-size", "nofile", "net.core.somaxconn", "name", "target", "type", "test"];

const value = fc.letrec<{ readonly value: HclValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: fc.constantFrom(...words) },
    { weight: 3, arbitrary: fc.constantFrom<HclValue>(null, true, false, "", "\0", ...numbers) },
    { weight: 1, arbitrary: fc.oneof(fc.string({ maxLength: 8 }), fc.integer(), fc.double()) },
    { weight: 2, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    { weight: 2, arbitrary: fc.dictionary(fc.constantFrom(...keys), tie("value"), { maxKeys: 3 }) },
  ),
})).value;

/** A config in which up to four keys, in blocks and in repeated blocks too, have any value. */
function configOf(options: readonly OptionDoc[]): fc.Arbitrary<HclRecord> {
  const repeated = new Set(options.filter(({ type }) => type === "block list").map(({ path }) => path));
  const placed = fc.tuple(fc.constantFrom(...options.map(({ path }) => path.split("."))), value);
  const several = fc.array(placed, { minLength: 1, maxLength: 4 });
  return several.map((all) => all.reduce<HclRecord>((made, [path, one]) => withValue(made, path, { one, repeated }), {}));
}

interface Placed {
  readonly one: HclValue;
  /** Paths of the blocks that stand in a list. */
  readonly repeated: ReadonlySet<string>;
}

function withValue(config: HclRecord, path: readonly string[], placed: Placed, depth = 1): HclRecord {
  const key = path[depth - 1] ?? "";
  if (depth === path.length) return { ...config, [key]: placed.one };
  const inList = placed.repeated.has(path.slice(0, depth).join("."));
  const before = inList && Array.isArray(config[key]) ? config[key][0] : config[key];
  const inner = withValue(isRecord(before) ? before : {}, path, placed, depth + 1);
  return { ...config, [key]: inList ? [inner] : inner };
}

function isRecord(one: HclValue | undefined): one is HclRecord {
  return typeof one === "object" && one !== null && !Array.isArray(one);
}

/** The same bytes with some of them replaced: any msgpack value, or none, in any place. */
export function disturbed(configs: fc.Arbitrary<HclRecord>): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 });
  return fc.tuple(configs, changes).map(([config, all]) => {
    const bytes = encodeMsgpack(config).slice();
    for (const [at, byte] of all) bytes[at % bytes.length] = byte;
    return bytes;
  });
}

/** What `work` was refused with. Anything else than a driver error with a clean code is a fault of this program. */
function refusalOf(work: () => unknown): DriverError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    assert.match(error.code, /^(config-invalid|unsupported)$/);
    assert.ok(error.message.length > 0);
    return error;
  }
}

/** Engines that differ in what they can do. */
export const someFacts: readonly EngineFacts[] = [
  plainFacts,
  { ...plainFacts, rootless: true, cgroupControllers: ["memory"] },
  { ...plainFacts, version: "5.4.2", cgroupVersion: "v2", cgroupManager: "systemd" },
];

/** What the way from a task's bytes to its plan was refused with. */
export function refusalOfTask(driverConfig: Uint8Array, of: EngineFacts): DriverError | undefined {
  const task = plainTask({ driverConfig });
  const settings = plainSettings;
  return refusalOf(() => {
    const plan = planContainer({ task, decoded: wantTask(task, settings), settings, facts: of, socketName: "default" });
    completeSpec(plan, asWritten);
  });
}

/** Decodes and resolves a config of the plugin. @throws what is no driver error */
export function checkPlugin(msgpack: Uint8Array): void {
  refusalOf(() => resolveDriverConfig({ msgpack, apiVersion: "v0.1.0" }, { uid: 0, findUser: () => undefined }));
}

/** Configs of tasks with an image, of which up to four keys have any value. */
export const taskConfigs = configOf(taskSchema.options).map((config): HclRecord => ({ image: "busybox", ...config }));

/** Configs of the plugin of which up to four keys have any value. */
export const pluginConfigs = configOf(pluginSchema.options);
