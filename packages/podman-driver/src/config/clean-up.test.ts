import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeConfig, encodeMsgpack, type ConfigBody, type HclRecord } from "@driver/nomad-plugin";
import { resolveDriverConfig, type DriverConfig } from "./driver-config.ts";
import { pluginSchema } from "./plugin-schema.ts";

const position = { line: 1, column: 1 };
const defaults = { periodMs: 300_000, creationGraceMs: 300_000, dryRun: false, keepsStopped: false };

function body(attributes: HclRecord, blocks: readonly (readonly [string, ConfigBody])[] = []): ConfigBody {
  return {
    attributes: Object.entries(attributes).map(([name, value]) => ({ name, value, position })),
    blocks: blocks.map(([type, inner]) => ({ type, labels: [], body: inner, position })),
    position,
  };
}

function configOf(inner: ConfigBody): DriverConfig {
  return resolveDriverConfig({ msgpack: encodeConfig(pluginSchema.spec, inner), apiVersion: "" }, { uid: 0, findUser: () => undefined });
}

const gcOf = (gc: HclRecord, dangling?: HclRecord): DriverConfig =>
  configOf(body({}, [["gc", body(gc, dangling === undefined ? [] : [["dangling_containers", body(dangling)]])]]));

describe("the search for dangling containers", () => {
  const silent: readonly (readonly [string, DriverConfig])[] = [
    ["no bytes", resolveDriverConfig({ msgpack: new Uint8Array(), apiVersion: "" }, { uid: 0, findUser: () => undefined })],
    ["an empty config block", configOf(body({}))],
    ["an empty gc block", gcOf({})],
    ["an empty block of its own", gcOf({}, {})],
    [
      "a default of the agent that lacks the key",
      resolveDriverConfig({ msgpack: encodeMsgpack({ gc: { container: true } }), apiVersion: "" }, { uid: 0, findUser: () => undefined }),
    ],
  ];
  for (const [what, config] of silent) {
    test(`has its defaults with ${what}`, () => assert.deepEqual(config.reaping, defaults));
  }

  test("takes what the operator sets, and the rest by default", () => {
    assert.deepEqual(gcOf({}, { period: "90s", dry_run: true }).reaping, { ...defaults, periodMs: 90_000, dryRun: true });
    assert.deepEqual(gcOf({}, { creation_grace: "1h" }).reaping, { ...defaults, creationGraceMs: 3_600_000 });
  });

  test("spares stopped containers where those are kept", () => {
    assert.deepEqual(gcOf({ container: false }).reaping, { ...defaults, keepsStopped: true });
  });

  test("can be switched off", () => assert.equal(gcOf({}, { enabled: false }).reaping, undefined));

  test("refuses what is no period", () => {
    assert.throws(() => gcOf({}, { period: "0s" }), /gc\.dangling_containers\.period: "0s" is no period/);
    assert.throws(() => gcOf({}, { period: "often" }), /gc\.dangling_containers\.period: "often" is not a duration/);
    assert.throws(
      () => gcOf({}, { creation_grace: "5 minutes" }),
      /gc\.dangling_containers\.creation_grace: "5 minutes" is not a duration/,
    );
  });
});

describe("recover_stopped", () => {
  test("is off unless the operator asks for it", () => {
    assert.equal(configOf(body({})).restartsStopped, false);
    assert.equal(configOf(body({ recover_stopped: true })).restartsStopped, true);
  });

  test("is refused where the containers of finished tasks are kept, which it would start again", () => {
    assert.throws(
      () => configOf(body({ recover_stopped: true }, [["gc", body({ container: false })]])),
      /recover_stopped: true and gc\.container = false exclude each other/,
    );
  });
});
