import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoutes, planBridge, toUlimits } from "./host-facts.ts";

const table = [
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
  "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
  "ndp0\t0000D20A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
].join("\n");

test("routes are read without the default one, in host byte order", () => {
  assert.deepEqual(parseRoutes(table), [{ address: 0x0ad20000, mask: 0xffffff00 }]);
});

test("a bridge takes neither a network in use nor a name in use", () => {
  assert.deepEqual(planBridge([], [], 0), { name: "ndp0", prefix: "10.210.0" });
  assert.deepEqual(planBridge(parseRoutes(table), [], 0), { name: "ndp1", prefix: "10.210.1" });
  assert.deepEqual(planBridge(parseRoutes(table), ["ndp1"], 0), { name: "ndp2", prefix: "10.210.2" });
  assert.deepEqual(planBridge([{ address: 0x0ad20000, mask: 0xffff0000 }], [], 3), { name: "ndp256", prefix: "10.211.0" });
});

test("the last candidate is followed by the first", () => {
  assert.deepEqual(planBridge([], ["ndp10239"], 10_239), { name: "ndp0", prefix: "10.210.0" });
});

test("a machine whose whole range is taken is told so", () => {
  assert.throws(() => planBridge([{ address: 0x0a000000, mask: 0xff000000 }], [], 0), { code: "no-free-subnet" });
});

test("hard limits become what containers may have; no limit stays unsaid", () => {
  const limits =
    "Limit                     Soft Limit           Hard Limit           Units\n" +
    "Max processes             unlimited            unlimited            processes\n" +
    "Max open files            1024                 20000                files\n";
  assert.deepEqual(toUlimits(limits), ["nofile=20000:20000"]);
});
