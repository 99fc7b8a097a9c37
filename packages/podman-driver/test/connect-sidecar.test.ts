import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { DriverRig } from "@driver/testing";
import { commitImage } from "./committed-image.ts";
import { RiggedGroup } from "./group-rig.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
/** Tells what Envoy would be told, and from where Consul would be reached; ends as Envoy does when it is asked to. */
const standIn = 'trap "exit 0" TERM; echo "args $*"; cat "$2"; ls -d alloc/tmp; while :; do sleep 0.05; done';

test("runs the sidecar that Nomad injects for Consul Connect, with the config that it writes", async () => {
  // Envoy's own image has an entrypoint that takes its arguments.
  await using envoy = await commitImage("envoy-stand-in", ["sh", "-c", standIn, "envoy"]);
  await using rig = await DriverRig.start({ pluginConfig: { group_network: "pod" } });
  await using group = await RiggedGroup.create(rig);
  // nomad 2.0: connectSidecarDriverConfig and newConnectSidecarTask, with its variables filled in by the client.
  const args = ["-c", "/secrets/envoy_bootstrap.json", "-l", "info", "--concurrency", "1", "--disable-hot-restart"];
  const task = await rig.prepare({
    name: "connect-proxy-count-api",
    allocId: group.allocId,
    more: { networkIsolation: group.toIsolation("192.0.2.7") },
    // The rig's own network mode is none of Nomad's words.
    config: { image: envoy.image, args, network_mode: "" },
  });
  await writeFile(join(task.config.allocDir, task.config.name, "secrets", "envoy_bootstrap.json"), '{"admin":{}}\n', { mode: 0o440 });
  await rig.startTask(task);
  await task.stdout.until((text) => text === `args ${args.join(" ")}\n{"admin":{}}\nalloc/tmp\n`);
  await rig.driver.stopTask(task.config.id, { timeoutMs: 10_000, killSignal: "" }, soon());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
});
