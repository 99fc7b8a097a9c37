import assert from "node:assert/strict";
import { test } from "node:test";
import { FakePodman, plainTask, RecordedLog } from "@driver/testing";
import { Engine } from "../engine/engine.ts";
import { ownLabels } from "../topics/labels/labels-topic.ts";
import { AgentPresence } from "./agent-presence.ts";
import { DanglingPods } from "./dangling-pods.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const nodeId = "n1";

test("goes on with the times of grace of the config before", async () => {
  await using fake = await FakePodman.start();
  const labels = { [ownLabels.group]: "true", [ownLabels.allocId]: "a1", [ownLabels.nodeId]: nodeId };
  const body = JSON.stringify([{ Id: "p1", Name: "nomad-a1-group", InfraId: "i1", Labels: labels, Containers: [] }]);
  fake.fault(/GET .*pods\/json/, { kind: "answer", status: 200, body });
  const { logger } = new RecordedLog();
  const engine = new Engine({ path: fake.socketPath, callTimeoutMs: 10_000, logger });
  const removed: string[] = [];
  const presence = new AgentPresence();
  presence.meet(plainTask({ nodeId }));
  const options = {
    // Over at the second look, whenever that is.
    policy: { periodMs: 1000, creationGraceMs: Number.MIN_VALUE, dryRun: false, keepsStopped: false },
    presence,
    isWanted: () => false,
    isOthers: () => false,
    removePod: (_engine: Engine, { id }: { readonly id: string }): Promise<void> => Promise.resolve(void removed.push(id)),
    logger,
  };
  const former = new DanglingPods(options);
  await former.reap(engine, soon());
  await new DanglingPods(options).reap(engine, soon());
  assert.deepEqual(removed, []);
  await new DanglingPods(options, former).reap(engine, soon());
  assert.deepEqual(removed, ["p1"]);
  engine.close();
});
