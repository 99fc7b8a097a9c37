import assert from "node:assert/strict";
import { test } from "node:test";
import { DriverError, type HclRecord } from "@driver/nomad-plugin";
import { planOf } from "../../test/plan-of.ts";
import type { EngineFacts } from "../engine/engine-facts.ts";
import { taskSchema } from "./task-schema.ts";

interface Asked {
  readonly config: HclRecord;
  /** Default: root's Podman 4.3.1. */
  readonly facts?: Partial<EngineFacts>;
}

const bind = (option: string): HclRecord => ({ type: "bind", source: "local/x", target: "/x", options: [option] });
const memory = (option: string): HclRecord => ({ type: "tmpfs", target: "/x", options: [option] });
const volume: HclRecord = { source: "v", target: "/x", options: ["U"] };
const mounts = (key: string): readonly Asked[] =>
  [bind("no-dereference"), volume, memory("noswap"), memory("noatime")].map((one) => ({ config: { [key]: [one] } }));
const subpath = { source: "v", target: "/x", volume_options: { subpath: "a" } };
const check = { test: "true", startup: { test: "true" } };

/** For each key that needs a newer Podman than 3.0, the oldest one, what asks for it. */
const asked: Readonly<Record<string, readonly Asked[]>> = {
  volumes: [{ config: { volumes: ["local/x:/x:no-dereference"] } }, { config: { volumes: ["v:/x:U"], volume_driver: "local" } }],
  "mount.options": mounts("mount"),
  "mounts.options": mounts("mounts"),
  "mount.volume_options.subpath": [{ config: { mount: [subpath] } }],
  "mounts.volume_options.subpath": [{ config: { mounts: [subpath] } }],
  tmpfs: [{ config: { tmpfs: ["/x:noswap"] } }, { config: { tmpfs: ["/x:noatime"] } }],
  security_opt: [{ config: { security_opt: ["label=nested"] } }],
  runtime: [{ config: { runtime: "kata" } }],
  oci_runtime: [{ config: { oci_runtime: "kata" } }],
  userns: [{ config: { userns: "keep-id" } }],
  network_mode: [
    { config: { network_mode: "pasta" }, facts: { rootless: true } },
    { config: { network_mode: "slirp4netns" }, facts: { rootless: true, version: "6.0.0" } },
  ],
  extra_hosts: [{ config: { extra_hosts: ["a:host-gateway"] } }],
  "healthcheck.startup": [{ config: { healthcheck: check } }],
  secrets: [{ config: { secrets: [{ name: "db" }] }, facts: { version: "3.2.2" } }],
  "secrets.target": [{ config: { secrets: [{ name: "db", target: "x" }] }, facts: { version: "3.4.2" } }],
  storage_opt: [{ config: { storage_opt: { size: "1g" } }, facts: { version: "3.4.4" } }],
};

for (const { path, needs } of taskSchema.options.filter((option) => option.needs !== undefined)) {
  test(`${path} needs the Podman that its documentation names: ${needs}`, () => {
    const named = (asked[path] ?? assert.fail(`nothing asks for what ${path} needs`)).map(({ config, facts }) => versionIn(config, facts));
    assert.deepEqual(new Set(named), new Set(needs?.match(/\b\d+(?:\.\d+)*\b/g)));
  });
}

test("nothing is asked for whose key needs no certain Podman", () => {
  const known = taskSchema.options.filter(({ needs }) => needs !== undefined).map(({ path }) => path);
  assert.deepEqual(Object.keys(asked).toSorted(), known.toSorted());
});

/** The version that the refusal says is needed. */
function versionIn(config: HclRecord, facts: Partial<EngineFacts> = {}): string | undefined {
  try {
    planOf({ config, facts });
  } catch (error) {
    if (error instanceof DriverError) return /(?:needs Podman |since Podman )(\d+(?:\.\d+)*)/.exec(error.message)?.[1];
    throw error;
  }
  return "none";
}
