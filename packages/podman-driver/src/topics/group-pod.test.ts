import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toGroupHostname, toGroupPod, toGroupPodName, toIsolation, type GroupPod } from "./group-pod.ts";

const pod: GroupPod = { podId: "p1", infraId: "i1", infraPid: 42, socketName: "default", hostname: "shop" };

describe("a group's pod", () => {
  test("is told to Nomad as a path and labels, and found in them again", () => {
    const isolation = toIsolation(pod);
    assert.deepEqual([isolation.mode, isolation.path, isolation.labels["docker_sandbox_hostname"]], ["group", "/proc/42/ns/net", "shop"]);
    assert.deepEqual(toGroupPod(isolation), pod);
  });

  test("is not found in what others have made", () => {
    const isolation = toIsolation(pod);
    const others = [
      undefined,
      { ...isolation, labels: {} },
      { ...isolation, path: "/var/run/netns/x" },
      { ...isolation, path: "/proc/self/ns/net" },
      { ...isolation, path: "/proc/42/ns/net/../../1/ns/net" },
    ];
    for (const other of others) assert.equal(toGroupPod(other), undefined);
  });

  test("has a name that no task's container can have, and a host name without being given one", () => {
    const allocId = "5e1f0000-0000-4000-8000-000000000001";
    assert.equal(toGroupPodName(allocId).endsWith(allocId), false);
    assert.equal(toGroupHostname(allocId), "5e1f0000");
  });
});
