import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  decodeMsgpack,
  decodeMsgpackRaw,
  encodeGoMsgpack,
  encodeGoTime,
  encodeMsgpack,
  type GoValue,
  type HclRecord,
  type RawValue,
} from "@driver/nomad-plugin";
import fc from "fast-check";
import { logCollectors } from "../config/log-route.ts";
import { formerState } from "../../test/recorded-state.ts";
import { taskSchema } from "../plan/task-schema.ts";
import { decodeTaskState, encodeTaskState, type NewTaskState, type OwnState } from "./task-state.ts";

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");

const zeroTime = bytes(`01${"00".repeat(12)}ffff`);

/** Written by the Go driver's codec: a task without network and with no socket name. */
const goStateWithoutNetwork =
  "85ab436f6e7461696e65724944a3616263ab4c6f6753747265616d6572c3a34e6574c0a9537461727465644174" +
  "af010000000ee21a1b40075bcd15ffffaa5461736b436f6e6669678aa461726773c0a46175746882aa746c735f" +
  "766572696679c2a8757365726e616d65a0ae6370755f6366735f706572696f64ce000186a0aa656e747279706f" +
  "696e7492a178a179a5696d616765a762757379626f78a66c6162656c739181a161a162ad6f6f6d5f73636f7265" +
  "5f61646ad1fe0caa706964735f6c696d6974ffa8706f72745f6d6170c0a6736f636b6574a0";

/** The same codec: a task with an address, on the socket `default`. */
const goStateWithNetwork =
  "85ab436f6e7461696e65724944a6616263313233ab4c6f6753747265616d6572c2a34e657483ad4175746f416476657274697365c3a24950a931302e38382e302e35" +
  "a7506f72744d617080a9537461727465644174af010000000ee0e92ca528773120ffffaa5461736b436f6e66696786a461726773c0aa656e747279706f696e74c0a5" +
  "696d616765ae646f636b65723a2f2f7265646973a66c6162656c739181a161a162ad6f6f6d5f73636f72655f61646a00a6736f636b6574a764656661756c74";

const configOf = (values: HclRecord): HclRecord => taskSchema.toValue(taskSchema.decode(encodeMsgpack({ image: "redis", ...values })));

const plainOwn = { bootId: "5f0d", containerPid: 4711, containerStartTicks: "98765432109876543210" };

const state: NewTaskState = {
  containerId: "c0ffee",
  startedAt: new Date("2026-08-21T10:11:12.123Z"),
  network: { ip: "10.88.0.2", portMap: { http: 8080 }, autoAdvertise: true },
  config: configOf({ labels: [{ a: "b" }], auth: { username: "u", password: "geheim" } }),
  own: { ...plainOwn, logs: { from: { kind: "file", limitBytes: 2 ** 33 }, by: "nomad" }, stopSignal: "TERM".repeat(20) },
};

describe("state of the Go driver", () => {
  test("is read as its codec wrote it", () => {
    assert.deepEqual(decodeTaskState(bytes(goStateWithoutNetwork)), {
      containerId: "abc",
      startedAt: new Date("2026-08-21T10:11:12.123Z"),
      socketName: undefined,
      logStreamer: true,
      network: undefined,
      own: undefined,
    });
    assert.deepEqual(decodeTaskState(bytes(goStateWithNetwork)), {
      containerId: "abc123",
      startedAt: new Date("2026-01-02T03:04:05.678Z"),
      socketName: "default",
      logStreamer: false,
      network: { ip: "10.88.0.5", portMap: {}, autoAdvertise: true },
      own: undefined,
    });
  });

  test("can be written by us byte for byte", () => {
    const golden: GoValue = {
      ContainerID: "abc", LogStreamer: true, Net: null, StartedAt: bytes("010000000ee21a1b40075bcd15ffff"),
      TaskConfig: {
        args: null, auth: { tls_verify: false, username: "" }, cpu_cfs_period: 100000n, entrypoint: ["x", "y"], image: "busybox",
        labels: [{ a: "b" }], oom_score_adj: -500, pids_limit: -1, port_map: null, socket: "",
      },
    };
    assert.equal(hex(encodeGoMsgpack(golden)), goStateWithoutNetwork);
    const net: GoValue = { IP: "10.88.0.2", PortMap: { http: 8080 }, AutoAdvertise: true };
    assert.equal(hex(encodeGoMsgpack(net)), "83ad4175746f416476657274697365c3a24950a931302e38382e302e32a7506f72744d617081a468747470d11f90");
  });

  test("up to 0.6.2, with Nomad's task config and no socket, is read", () => {
    const old = encodeGoMsgpack({
      ContainerID: "abc", LogStreamer: false, Net: null, StartedAt: encodeGoTime(state.startedAt),
      TaskConfig: { ID: "a/b/c", Name: "redis", Env: { A: "b" }, Resources: { Ports: null }, DNS: null },
    });
    assert.equal(decodeTaskState(old).socketName, undefined);
  });

  test("before 0.4.0, without LogStreamer, is read", () => {
    const old = encodeGoMsgpack({ ContainerID: "abc", Net: null, StartedAt: encodeGoTime(state.startedAt), TaskConfig: { ID: "x" } });
    assert.equal(decodeTaskState(old).logStreamer, false);
  });

  test("with a zero time, none, another zone or sixteen bytes of time is read", () => {
    const startedAt = (time: GoValue): string =>
      decodeTaskState(encodeGoMsgpack({ ContainerID: "abc", StartedAt: time })).startedAt.toISOString();
    assert.equal(startedAt(zeroTime), "0001-01-01T00:00:00.000Z");
    assert.equal(startedAt(null), "0001-01-01T00:00:00.000Z");
    assert.equal(startedAt(bytes("010000000ee21a1b40075bcd150078")), "2026-08-21T10:11:12.123Z");
    assert.equal(startedAt(bytes("020000000ee21a1b40075bcd15007807")), "2026-08-21T10:11:12.123Z");
  });

  test("with strings and times in newer msgpack forms is read", () => {
    const id = `d903${Buffer.from("abc").toString("hex")}`;
    for (const time of [`c40f${hex(zeroTime)}`, `d90f${hex(zeroTime)}`, `da000f${hex(zeroTime)}`]) {
      const decoded = decodeTaskState(bytes(`de0002ab436f6e7461696e65724944${id}a9537461727465644174${time}`));
      assert.equal(decoded.containerId, "abc");
      assert.equal(decoded.startedAt.getUTCFullYear(), 1);
    }
  });
});

describe("our own state", () => {
  test("reads back as it was written", () => {
    const { own, ...rest } = decodeTaskState(encodeTaskState(state));
    assert.deepEqual(rest, {
      containerId: "c0ffee",
      startedAt: state.startedAt,
      socketName: "default",
      logStreamer: false,
      network: state.network,
    });
    assert.deepEqual(definedOf(own ?? {}), definedOf(state.own));
  });

  test("keeps every field it is given", () => {
    const text = fc.string();
    const from = fc.oneof(
      fc.record(
        { kind: fc.constant("file" as const), limitBytes: fc.option(fc.maxSafeNat(), { nil: undefined }) },
        { noNullPrototype: true },
      ),
      fc.constant({ kind: "journal" as const, options: {} }),
    );
    const own = fc.record(
      {
        bootId: text,
        containerPid: fc.nat(),
        containerStartTicks: text,
        logs: fc.record({ from, by: fc.constantFrom(...logCollectors) }, { noNullPrototype: true }),
        stopSignal: text,
        healthEveryMs: fc.nat(),
        memoryLimitBytes: fc.nat(),
      },
      { noNullPrototype: true },
    );
    const startedAt = fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
    fc.assert(
      fc.property(own, startedAt, text, (given, moment, socketName) => {
        const decoded = decodeTaskState(encodeTaskState({ ...state, own: given, startedAt: moment, socketName }));
        assert.deepEqual(decoded.own, given);
        assert.deepEqual(decoded.startedAt, moment);
        assert.equal(decoded.socketName, socketName === "" ? "default" : socketName);
      }),
    );
  });

  test("holds what the Go driver needs to take the task over", () => {
    const raw = decodeMsgpackRaw(encodeTaskState(state)) as Readonly<Record<string, RawValue>>;
    assert.deepEqual(Object.keys(raw), ["ContainerID", "Driver", "LogStreamer", "Net", "StartedAt", "TaskConfig"]);
    assert.equal((raw["StartedAt"] as Uint8Array).length, 15);
    const config =
      (decodeMsgpack(encodeTaskState(state)) as Readonly<Record<string, Readonly<Record<string, unknown>>>>)["TaskConfig"] ?? {};
    assert.equal(config["image"], "redis");
    assert.equal(config["socket"], "default");
    assert.deepEqual(config["labels"], [{ a: "b" }]);
    assert.equal(config["port_map"], null);
    assert.equal(config["args"], null);
  });

  test("uses only string forms that old decoders know", () => {
    const given = encodeTaskState(state);
    const path = Buffer.from(state.own.stopSignal ?? "");
    const at = Buffer.from(given).indexOf(path);
    assert.equal(hex(given.subarray(at - 3, at)), "da0050");
  });

  test("holds no password", () => {
    assert.doesNotMatch(Buffer.from(encodeTaskState(state)).toString("latin1"), /geheim|password/);
  });

  test("names the socket the container really runs on", () => {
    assert.equal(decodeTaskState(encodeTaskState({ ...state, socketName: "other" })).socketName, "other");
    assert.equal(decodeTaskState(encodeTaskState({ ...state, config: configOf({ socket: "" }) })).socketName, "default");
  });

  test("tells the Go driver that the output is in the journal, whether the job or the plugin wanted it there", () => {
    const logs = { from: { kind: "journal", options: { tag: "web" } }, by: "nomad" } as const;
    const inJournal = decodeTaskState(encodeTaskState({ ...state, own: { ...state.own, logs } }));
    assert.deepEqual([inJournal.logStreamer, inJournal.own?.logs], [true, { from: { kind: "journal", options: {} }, by: "nomad" }]);
  });

  test("of a version in which few keys took effect is read", () => {
    assert.deepEqual(decodeTaskState(formerState), {
      containerId: "c".repeat(64),
      startedAt: new Date("2026-08-21T10:11:12.123Z"),
      socketName: "default",
      logStreamer: false,
      network: { ip: "10.88.0.2", portMap: { db: 6379 }, autoAdvertise: true },
      own: {
        bootId: "0b0071d0-0000-4000-8000-000000000000",
        containerPid: 4711,
        containerStartTicks: "98765432",
        logs: { from: { kind: "file", limitBytes: undefined }, by: "nomad" },
        stopSignal: undefined,
        healthEveryMs: undefined,
        memoryLimitBytes: undefined,
      },
    });
  });

  test("of a later version is read as far as it is known", () => {
    const later = encodeGoMsgpack({
      ContainerID: "abc",
      StartedAt: zeroTime,
      Driver: { version: 2, bootId: "b", logMode: "driver", surprise: [1] },
    });
    assert.equal(decodeTaskState(later).own?.logs.by, "driver");
  });
});

describe("the way of the output in our own state", () => {
  const journal = { kind: "journal", options: {} } as const;
  const logKeys: readonly (readonly [logs: OwnState["logs"], keys: Readonly<Record<string, GoValue>>])[] = [
    [{ from: { kind: "file", limitBytes: undefined }, by: "nomad" }, { logMode: "nomad" }],
    [{ from: { kind: "file", limitBytes: 65_536 }, by: "driver" }, { logMode: "driver", logLimitBytes: 65_536 }],
    [{ from: { kind: "file", limitBytes: undefined }, by: "off" }, { logMode: "off" }],
    [{ from: journal, by: "nomad" }, { logMode: "nomad", logSource: "journal" }],
    [{ from: journal, by: "off" }, { logMode: "off", logSource: "journal" }],
  ];
  for (const [logs, keys] of logKeys) {
    test(`has ${JSON.stringify(keys)} for the way of the output, as in every version`, () => {
      const { Driver: written } = decodeMsgpack(encodeTaskState({ ...state, own: { ...plainOwn, logs } })) as { readonly Driver: object };
      assert.deepEqual(written, { version: 1, ...plainOwn, ...keys });
      const former = encodeGoMsgpack({ ContainerID: "abc", StartedAt: zeroTime, Driver: { version: 1, ...plainOwn, ...keys } });
      assert.deepEqual(decodeTaskState(former).own?.logs, logs);
    });
  }

  test("has the output of a task that keeps none collected by nobody", () => {
    const logs = { from: { kind: "none" }, by: "off" } as const;
    assert.equal(decodeTaskState(encodeTaskState({ ...state, own: { ...plainOwn, logs } })).own?.logs.by, "off");
  });
});

describe("state that is corrupt", () => {
  const broken = (values: Readonly<Record<string, GoValue>>): Uint8Array =>
    encodeGoMsgpack({ ContainerID: "abc", StartedAt: zeroTime, ...values });
  const table: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["no bytes", new Uint8Array(), /no msgpack/],
    ["cut off", bytes(goStateWithNetwork).subarray(0, 100), /no msgpack/],
    ["not a map", bytes("90"), /the whole of it is no map/],
    ["no container", encodeGoMsgpack({ StartedAt: zeroTime }), /ContainerID is missing/],
    ["a container that is a number", broken({ ContainerID: 5 }), /ContainerID is no string/],
    ["a container that is no text", broken({ ContainerID: Uint8Array.of(0xff, 0xfe) }), /ContainerID is no UTF-8 text/],
    ["a short time", broken({ StartedAt: "short" }), /StartedAt: a Go time/],
    ["a time as a number", broken({ StartedAt: 5 }), /StartedAt is no time/],
    ["a timestamp extension", bytes("81a9537461727465644174d6ff00000000"), /extension type/],
    ["a LogStreamer that is text", broken({ LogStreamer: "yes" }), /LogStreamer is no bool/],
    ["a network that is a list", broken({ Net: [] }), /Net is no map/],
    ["a port that is text", broken({ Net: { PortMap: { http: "80" } } }), /Net\.PortMap\.http is no whole number/],
    ["a task config that is text", broken({ TaskConfig: "x" }), /TaskConfig is no map/],
    [
      "an own map with an unknown log mode",
      broken({ Driver: { version: 1, logMode: "carrier pigeon" } }),
      /Driver\.logMode is "carrier pigeon"/,
    ],
    [
      "an own map with a pid that is text",
      broken({ Driver: { logMode: "off", containerPid: "1" } }),
      /Driver\.containerPid is no whole number/,
    ],
  ];
  for (const [name, input, expected] of table) {
    test(`is refused by name: ${name}`, () => assert.throws(() => decodeTaskState(input), { code: "failed", message: expected }));
  }

  test("never breaks the reader in another way than by a driver error", () => {
    fc.assert(
      fc.property(fc.nat(bytes(goStateWithNetwork).length - 1), fc.nat(255), (index, byte) => {
        const damaged = bytes(goStateWithNetwork);
        damaged[index] = byte;
        try {
          decodeTaskState(damaged);
        } catch (error) {
          assert.equal(error instanceof Error && error.name, "DriverError");
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function definedOf(record: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
