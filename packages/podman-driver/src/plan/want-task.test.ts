import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DriverError, type HclRecord } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { decodedOf, mistakesOf, planOf } from "../../test/plan-of.ts";
import { taskSchema } from "./task-schema.ts";

describe("a key at its zero value", () => {
  test("may stand there when it asks for nothing", () => {
    assert.doesNotThrow(() =>
      planOf({
        config: { privileged: false, volumes: [], cap_add: [], shm_size: "", oom_score_adj: 0, tty: false, auth: {}, ulimit: [{}] },
      }),
    );
  });
});

test("all values of a wrong type are told at once, and nothing is judged by them", () => {
  assert.deepEqual(
    mistakesOf({ config: { image: 5, args: "x", privileged: true, force_pull: "maybe" } }).map((mistake) => mistake.split(" > ")[0]),
    ["image", "force_pull", "args"],
  );
});

describe("a deprecated key", () => {
  for (const { path, deprecated, notYet, type } of taskSchema.options.filter(({ deprecated }) => deprecated !== undefined)) {
    const config = { [path]: type.startsWith("list(map(") ? [{ a: 1 }] : ["a"] };
    // Where it takes no effect, there is nothing to be told beside the refusal.
    if (notYet) test(`is refused as any that takes no effect: ${path}`, () => assert.equal(mistakesOf({ config }).length, 1));
    else {
      test(`gives a notice of what to use instead: ${path}`, () => {
        const ports = [{ label: "a", hostPort: 20_001, to: 0, hostIp: "" }];
        const task = { resources: { ...plainTask().resources, ports } };
        const message = `config key ${path} is deprecated: use ${deprecated}`;
        assert.deepEqual(decodedOf({ config, task }).notices, [{ key: path, message }]);
      });
    }
  }
});

describe("a key of another driver that has no effect here", () => {
  const rows: Readonly<Record<string, HclRecord>> = {
    "auth.email": { auth: { email: "me@example.com" } },
    container_exists_attempts: { container_exists_attempts: 5 },
    cpuset_cpus: { cpuset_cpus: "0-1" },
  };
  for (const [key, config] of Object.entries(rows)) {
    test(`is taken, and its author told: ${key}`, () => {
      const [notice, ...others] = decodedOf({ config }).notices;
      assert.equal(notice?.key, key);
      assert.ok(notice.message.startsWith(`config key ${key} is not used: `), notice.message);
      assert.deepEqual([others, planOf({ config }).spec], [[], { ...planOf().spec, labels: planOf({ config }).spec.labels }]);
    });
  }

  test("is refused where it asks for what Podman cannot do", () => {
    assert.match(
      mistakesOf({ config: { isolation: "hyperv" } }).join(),
      /^isolation > config key isolation: "hyperv" is a mode for containers of Windows, which Podman does not run; remove it/,
    );
    assert.deepEqual(mistakesOf({ config: { isolation: "" } }), []);
  });
});

describe("a config with many mistakes", () => {
  const config: HclRecord = {
    image: "dir:x",
    image_pull_timeout: "5 min",
    entrypoint: { a: "b" },
    ipv4_address: "fd00::9",
    volumes: ["/a:/b:wat"],
    logging: { driver: "wat" },
    log_files: { max_files: -1 },
    network_mode: "host:wat",
    ports: ["http"],
    cpu_hard_limit: true,
    cpu_cfs_period: 2_000_000,
  };
  const task = { dns: { servers: ["nowhere"], searches: [], options: [] } };
  const keys = [
    "volumes[0]",
    "ipv4_address",
    "image",
    "image_pull_timeout",
    "entrypoint",
    "logging.driver",
    "log_files.max_files",
    "cpu_cfs_period",
    "network_mode",
    "ports",
    "dns.servers",
  ];

  test("gets all of them said at once", () => {
    assert.deepEqual(mistakesOf({ config, task }).map((mistake) => mistake.split(" ")[0]).toSorted(), keys.toSorted());
    assert.throws(() => decodedOf({ config, task }), (error) => {
      assert.ok(error instanceof DriverError);
      assert.equal(error.code, "config-invalid");
      assert.match(error.message, new RegExp(`^the config has ${keys.length} mistakes: \\(1\\) `));
      for (const key of keys) assert.ok(error.message.includes(key), key);
      return true;
    });
  });

  test("is unsupported when none of them is wrong in itself", () => {
    assert.throws(() => decodedOf({ config: { image: "dir:x", logging: { driver: "syslog" } } }), {
      code: "unsupported",
      message: /^the config has 2 mistakes: \(1\) .*image.* \(2\) .*logging\.driver/,
    });
  });
});

describe("a mistake", () => {
  const configs: readonly HclRecord[] = [
    { image: "" },
    { image: "dir:x" },
    { image: "A/b" },
    { image_pull_policy: "sometimes" },
    { auth: { server_address: "a b" } },
    { image: "docker:x" },
    { image: 5 },
    { image_pull_timeout: "x" },
    { entrypoint: [["x"]] },
    { logging: { driver: "wat" } },
    { logging: { driver: "none", options: [{ tag: "x" }] } },
    { logging: { options: [{ path: "/x" }] } },
    { logging: { options: [{ "max-size": "1k" }] } },
    { log_files: { max_file_size: "1k" } },
    { log_files: { max_files: -1 } },
    { log_files: { max_file_size: "big" } },
    { network_mode: "host:wat" },
    { ports: ["x"] },
    { ipv4_address: "fd00::9" },
    { cap_add: ["NOPE"] },
    { userns: "wat" },
    { labels: ["x"] },
    { args: [5] },
    { auth: { password: 5 } },
  ];
  for (const config of configs) {
    test(`in ${JSON.stringify(config)} is filed under its key and names it`, () => {
      const [root = ""] = Object.keys(config);
      const mistakes = mistakesOf({ config });
      assert.equal(mistakes.length, 1);
      assert.match(mistakes[0] ?? "", new RegExp(`^${root}\\b\\S* > config key ${root}\\b`));
    });
  }
});

describe("what is kept of a config", () => {
  const auth = { username: "u", password: "geheim", tls_verify: false };

  test("holds no secret", () => {
    const kept = taskSchema.toValue(taskSchema.decodeValue({ image: "busybox", auth }));
    assert.deepEqual(kept["auth"], { username: "u", server_address: null, email: null, tls_verify: false });
    const text = JSON.stringify([decodedOf({ config: { labels: [{ a: "b" }] } }), kept]);
    assert.doesNotMatch(text, /geheim|password/);
  });

  test("shows no secret in a mistake either", () => {
    for (const password of ["geheim", ["geheim"], { geheim: "geheim" }]) {
      assert.doesNotMatch(mistakesOf({ config: { auth: { password } } }).join(), /geheim/);
    }
  });

  test("is the config in the Go driver's shape", () => {
    const { kept } = decodedOf({ config: { command: "sh", labels: [{ a: "b" }, { c: "d" }], args: [] } });
    assert.deepEqual(
      [kept["image"], kept["command"], kept["labels"], kept["args"], kept["socket"]],
      ["busybox", "sh", [{ a: "b", c: "d" }], null, "default"],
    );
    assert.deepEqual(taskSchema.toValue(taskSchema.decodeValue(kept)), kept);
  });
});

describe("the fingerprint of a config", () => {
  const hashOf = (config: HclRecord = {}): string => decodedOf({ config }).configHash;

  test("is the same each time and in any order, and another for another config", () => {
    assert.match(hashOf(), /^[0-9a-f]{16}$/);
    assert.equal(hashOf(), hashOf());
    assert.notEqual(hashOf({ command: "a" }), hashOf({ command: "b" }));
    assert.equal(hashOf({ labels: [{ a: "1", b: "2" }] }), hashOf({ labels: [{ b: "2", a: "1" }] }));
  });
});

describe("what an operator may forbid", () => {
  test("is noted with the key that asks for it", () => {
    assert.deepEqual(decodedOf({ config: { socket: "other", privileged: true } }).wishes, [
      { kind: "socket", key: "socket", name: "other" },
      { kind: "privileged", key: "privileged" },
      { kind: "namespace", key: "userns", of: "userns", mode: "default", alike: ["host"] },
      { kind: "namespace", key: "network_mode", of: "network", mode: "default", alike: ["bridge", "pasta", "slirp4netns"] },
    ]);
  });
});
