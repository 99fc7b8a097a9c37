import { fromBinary } from "@bufbuild/protobuf";
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromPluginInfoMessage } from "../convert/plugin.ts";
import { BasePlugin, PluginInfoResponseSchema } from "../gen/base_pb.ts";
import type { PluginInfo } from "../task-driver.ts";
import { pluginInfoMethod } from "./plugin-info-method.ts";

const driver = { pluginInfo: (): Promise<PluginInfo> => Promise.reject(new Error("not asked here")) };
const { path, kind, wire } = pluginInfoMethod(driver, { answer: (context, call) => call(context.signal), stream: () => assert.fail("no stream") });

for (const info of [
  { type: "driver", apiVersions: ["v0.1.0"], version: "1.2.3-d\u00e9v", name: "podman" },
  { type: "device", apiVersions: ["v0.1.0", "v0.2.0"], version: "x".repeat(300), name: "n" },
  { type: "unknown", apiVersions: [], version: "", name: "" },
] satisfies PluginInfo[]) {
  test(`the answer of ${JSON.stringify(info).slice(0, 60)} reads as its description says`, () => {
    assert.deepEqual(fromPluginInfoMessage(fromBinary(PluginInfoResponseSchema, wire.encode(info))), info);
  });
}

test("the method is the described one", () => {
  const { parent, name, methodKind, input } = BasePlugin.method.pluginInfo;
  assert.deepEqual([path, kind, wire.inputName], [`/${parent.typeName}/${name}`, methodKind, input.typeName]);
});
