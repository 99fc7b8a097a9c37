import assert from "node:assert/strict";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { registryIdentityToken, registryLogin, RegistryProxy, startEngine } from "@driver/testing";
import { authFile, fileOf, helperOf } from "./auth-sources.ts";
import { ImageRig } from "./image-rig.ts";

const { username, password } = registryLogin;
const encoded = Buffer.from(`${username}:${password}`).toString("base64");

describe("a registry that wants a login", () => {
  test("gets the task's own, and no other registry does", async () => {
    await using images = await ImageRig.start({ hasLogin: true });
    await images.registry.publish("own:1", { mark: "mine " });
    assert.match(await images.run(images.at("own:1"), { auth: { username, password } }), /^mine /);
    assert.match(
      await images.run(images.at("own:1"), { force_pull: true, auth: { username, password, server_address: images.proxy.host } }),
      /^mine /,
    );
    const capitals = `LocalHost:${images.proxy.host.split(":")[1] ?? ""}/own:1`;
    assert.match(await images.run(capitals, { force_pull: true, auth: { username, password } }), /^mine /);
    const other = await images.failure(images.at("own:1"), {
      force_pull: true,
      auth: { username, password, server_address: "other.example:5000" },
    });
    assert.match(other.message, /authentication required|unauthorized/);
  });

  test("is told apart from one that takes no such login, and both are final", async () => {
    await using images = await ImageRig.start({ hasLogin: true });
    await images.registry.publish("own:1");
    const none = await images.failure(images.at("own:1"));
    assert.match(
      none.message,
      new RegExp(`no credentials for ${images.proxy.host} were found; set auth in the task or in the plugin's config`),
    );
    const wrong = await images.failure(images.at("own:1"), { auth: { username, password: "wrong" } });
    assert.match(wrong.message, new RegExp(`${images.proxy.host} does not take these credentials for this image`));
    assert.deepEqual([none.recoverable, wrong.recoverable], [false, false]);
  });

  test("gets the one of the operator's file with the longest key, and again after the file changes", async () => {
    await using images = await ImageRig.start({ hasLogin: true });
    await images.registry.publish("team/own:1", { mark: "file " });
    const { host } = images.proxy;
    const wrong = { auth: Buffer.from("ada:wrong").toString("base64") };
    const path = await authFile({ [host]: wrong, [`${host}/team`]: { auth: encoded }, [`${host}/te`]: wrong, [`${host}/team/ow`]: wrong });
    await images.setConfig({ auth: { config: path } });
    assert.match(await images.run(images.at("team/own:1")), /^file /);
    await writeFile(path, JSON.stringify({ auths: { [host]: wrong } }));
    assert.match((await images.failure(images.at("team/own:1"), { force_pull: true })).message, /does not take these credentials/);
  });

  test("gets what a helper of the file says: one for the registry, or the store", async () => {
    await using images = await ImageRig.start({ hasLogin: true });
    await images.registry.publish("own:1", { mark: "help " });
    const { host } = images.proxy;
    const helper = await helperOf(`echo '{"Username":"${username}","Secret":"${password}"}'`);
    try {
      await images.setConfig({ auth: { config: await authFile({}, { credHelpers: { [host]: helper.name } }) } });
      assert.match(await images.run(images.at("own:1")), /^help /);
      await images.setConfig({ auth: { config: await authFile({ [host]: {} }, { credsStore: helper.name }) } });
      assert.match(await images.run(images.at("own:1"), { force_pull: true }), /^help /);
      assert.deepEqual(await helper.asked(), [`get ${host}`, `get ${host}`]);
    } finally {
      await rm(helper.path);
    }
  });

  test("gets what the operator's helper says, which is asked once for 20 tasks and never for an image that is there", async () => {
    await using images = await ImageRig.start({ hasLogin: true });
    await images.registry.publish("own:1", { mark: "help ", layerBytes: [200_000] });
    const helper = await helperOf(`sleep 0.5; echo '{"Username":"${username}","Secret":"${password}"}'`);
    try {
      await images.setConfig({ auth: { helper: helper.name } });
      const tasks = await Promise.all(
        Array.from({ length: 20 }, (_, index) => images.prepare(images.at("own:1"), { args: ["-c", "sleep 60"] }, { name: `t${index}` })),
      );
      await Promise.all(tasks.map((task) => images.rig.startTask(task)));
      assert.match(await images.run(images.at("own:1")), /^help /);
      assert.deepEqual(await helper.asked(), [`get ${images.proxy.host}`]);
      assert.equal(images.proxy.count(/GET .*\/manifests\/1$/), 1);
      const names = ["many:1", "many:2", "many:3"];
      for (const name of names) await images.registry.publish(name, { mark: `${name} ` });
      const outputs = await Promise.all(names.map((name) => images.run(images.at(name))));
      assert.deepEqual(outputs.map((output) => output.split(" ")[0]), names);
      assert.equal((await helper.asked()).length, 2);
    } finally {
      await rm(helper.path);
    }
  });

  test("gets the operator's one login if it is that registry", async () => {
    await using images = await ImageRig.start({ hasLogin: true });
    await images.registry.publish("own:1", { mark: "static " });
    await images.setConfig({ auth: { username, password, server_address: images.proxy.host } });
    assert.match(await images.run(images.at("own:1")), /^static /);
    await images.setConfig({ auth: { username, password, server_address: "other.example" } });
    assert.match((await images.failure(images.at("own:1"), { force_pull: true })).message, /no credentials for/);
  });

  test("gets Podman's own where nobody else has any", async () => {
    await using engine = await startEngine({ folder: "/run/auth-engine" }, AbortSignal.timeout(60_000));
    await using images = await ImageRig.start({ hasLogin: true, socketPath: engine.socketPath });
    await images.registry.publish("own:1", { mark: "podman " });
    const folder = join(engine.env["HOME"] ?? "", ".config/containers");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "auth.json"), JSON.stringify({ auths: { [images.proxy.host]: { auth: encoded } } }));
    await images.setConfig({ auth: { config: await authFile({ "other.example": { auth: encoded } }) } });
    assert.match(await images.run(images.at("own:1")), /^podman /);
  });
});

describe("a registry that hands out tokens", () => {
  test("is shown the identity token that the operator's file, its helper or the helper for all has", async () => {
    await using images = await ImageRig.start({ hasLogin: "token" });
    await images.registry.publish("own:1", { mark: "token " });
    const { host } = images.proxy;
    const helper = await helperOf(`echo '{"Username":"<token>","Secret":"${registryIdentityToken}"}'`);
    try {
      const sources = [
        { config: await authFile({ [host]: { identitytoken: registryIdentityToken } }) },
        { config: await authFile({ [host]: { auth: Buffer.from("ada:").toString("base64"), identitytoken: registryIdentityToken } }) },
        { config: await authFile({}, { credHelpers: { [host]: helper.name } }) },
        { helper: helper.name },
      ];
      // Podman 4.3 drops the token of such an entry.
      await images.setConfig({ auth: { config: await authFile({ [host]: { auth: encoded, identitytoken: registryIdentityToken } }) } });
      assert.match(await images.run(images.at("own:1")), /^token /);
      images.registry.tokens?.shown.splice(0);
      for (const auth of sources) {
        await images.setConfig({ auth });
        assert.match(await images.run(images.at("own:1"), { force_pull: true }), /^token /);
        assert.deepEqual(new Set(images.registry.tokens?.shown.splice(0)), new Set(["identity token"]), JSON.stringify(auth));
      }
      const asked = (await helper.asked()).length;
      assert.equal(asked, 2);
    } finally {
      await rm(helper.path);
    }
  });

  test("is shown a login where there is one, and what it does not take is final", async () => {
    await using images = await ImageRig.start({ hasLogin: "token" });
    await images.registry.publish("own:1", { mark: "token " });
    assert.match(await images.run(images.at("own:1"), { auth: { username, password } }), /^token /);
    assert.deepEqual(new Set(images.registry.tokens?.shown.splice(0)), new Set(["login"]));
    const wrong = { config: await authFile({ [images.proxy.host]: { identitytoken: `${registryIdentityToken}x` } }) };
    await images.setConfig({ auth: wrong });
    const failures = [
      await images.failure(images.at("own:1"), { force_pull: true }),
      await images.failure(images.at("own:1"), { force_pull: true, auth: { username, password: "wrong" } }),
    ];
    for (const failure of failures) {
      assert.match(failure.message, /127\.0\.0\.1:\d+ does not take these credentials for this image$/);
      assert.equal(failure.recoverable, false);
    }
    await images.setConfig({});
    const none = await images.failure(images.at("own:1"), { force_pull: true });
    assert.match(none.message, /no credentials for 127\.0\.0\.1:\d+ were found; set auth in the task or in the plugin's config$/);
  });
});

describe("a token of tens of kilobytes, as clouds have", () => {
  const long = (count: number): string => "s3cret-".repeat(count / 7);

  test("is shown wherever it is from, and is in nothing that is told", async () => {
    const secret = long(70_000);
    await using images = await ImageRig.start({ hasLogin: "token", holder: { password: secret, identityToken: secret } });
    await images.registry.publish("own:1", { mark: "long " });
    const { host } = images.proxy;
    const answer = await fileOf(JSON.stringify({ Username: "<token>", Secret: secret }));
    const helper = await helperOf(`cat ${answer}`);
    try {
      const sources = [
        { config: await authFile({ [host]: { identitytoken: secret } }) },
        { config: await authFile({ [host]: { auth: Buffer.from(`${username}:${secret}`).toString("base64") } }) },
        { helper: helper.name },
        { username, password: secret, server_address: host },
      ];
      for (const auth of sources) {
        await images.setConfig({ auth });
        assert.match(await images.run(images.at("own:1"), { force_pull: true }), /^long /);
      }
      await images.setConfig({});
      assert.match(await images.run(images.at("own:1"), { force_pull: true, auth: { username, password: secret } }), /^long /);
      assert.ok(!(await images.everythingTold([])).includes("s3cret"));
    } finally {
      await rm(helper.path);
    }
  });

  test("is an error that says so where Podman or the registry does not take it", async () => {
    await using images = await ImageRig.start({ hasLogin: true });
    await images.registry.publish("own:1");
    images.proxy.fault(/\/v2\//, { kind: "answer", status: 431, body: "Request Header Fields Too Large" });
    const failures: Error[] = [];
    for (const [bytes, message] of [
      [798_000, /podman answered 431: .*; the login for this image is longer than Podman takes, which is some 750 kB$/],
      [7_000, /431.*; the registry does not take a login of this length$/],
    ] as const) {
      await images.setConfig({ auth: { username, password: long(bytes), server_address: images.proxy.host } });
      const failure = await images.failure(images.at("own:1"));
      assert.match(failure.message, message);
      assert.equal(failure.recoverable, false);
      failures.push(failure);
    }
    const told = [await images.everythingTold([]), ...failures.map(({ message, stack }) => `${message} ${stack ?? ""}`)].join("\n");
    assert.ok(!told.includes("s3cret"));
  });
});

describe("a source of credentials that fails", () => {
  test("fails the pull, in words that say which it is, unless auth_soft_fail is set", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("open:1", { mark: "open " });
    const helper = await helperOf("echo no way in >&2; exit 3");
    try {
      const sources = [
        {
          auth: { config: "/no/such/file" },
          message: /credentials from the plugin's auth\.config \/no\/such\/file: cannot be read: ENOENT/,
          recoverable: false,
        },
        { auth: { config: await fileOf(`{"auths": ${password}}`) }, message: /auth\.config \/\S+: is not JSON$/, recoverable: false },
        {
          auth: { helper: "no-such-helper" },
          message: /auth\.helper: docker-credential-no-such-helper cannot be run: it is not in the plugin's PATH/,
          recoverable: false,
        },
        { auth: { helper: helper.name }, message: /auth\.helper: docker-credential-\S+ ended with code 3: no way in/, recoverable: true },
      ];
      for (const { auth, message, recoverable } of sources) {
        await images.setConfig({ auth });
        const failure = await images.failure(images.at("open:1"), { force_pull: true });
        assert.match(failure.message, message);
        assert.equal(failure.recoverable, recoverable);
        assert.match(await images.run(images.at("open:1"), { force_pull: true, auth_soft_fail: true }), /^open /);
        assert.match(images.messages().join("\n"), message.source.endsWith("$") ? /is not JSON \(auth_soft_fail\)/ : message);
      }
    } finally {
      await rm(helper.path);
    }
  });

  test("is no matter of other registries when it is one entry of the file, which the log tells once", async () => {
    await using images = await ImageRig.start({ hasLogin: true });
    await using other = await RegistryProxy.start(images.registry.host);
    await images.registry.publish("own:1", { mark: "mine " });
    const helper = await helperOf("exit 3");
    try {
      const broken = { [`${other.host}/own`]: { auth: `${username}:${password}` } };
      const helpers = { credHelpers: { "x.example": "no-such-helper", "y.example": helper.name, "z.example": [password] } };
      await images.setConfig({ auth: { config: await authFile({ [images.proxy.host]: { auth: encoded }, ...broken }, helpers) } });
      for (const round of [1, 2]) assert.match(await images.run(images.at("own:1"), { force_pull: round > 1 }), /^mine /);
      const failure = await images.failure(`${other.host}/own:1`);
      assert.match(failure.message, /auth\.config \/\S+: auths\["127\.0\.0\.1:\d+\/own"\]\.auth is a text that is not base64; write what/);
      assert.equal(failure.recoverable, false);
      const told = images.rig.log.split("\n").filter((line) => line.includes("an entry of auth.config cannot be used"));
      const warnings = told.filter((line) => line.includes("warn"));
      assert.deepEqual(warnings.map((line) => /(auths|credHelpers)\[/.exec(line)?.[1]), ["auths", "credHelpers"], warnings.join("\n"));
      assert.ok(!images.rig.log.includes(password));
      assert.deepEqual(await helper.asked(), []);
    } finally {
      await rm(helper.path);
    }
  });

  test("is no failure when a helper knows nothing of the registry", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("open:1", { mark: "open " });
    const helper = await helperOf("echo credentials not found in native keychain; exit 1");
    try {
      await images.setConfig({ auth: { helper: helper.name } });
      assert.match(await images.run(images.at("open:1")), /^open /);
    } finally {
      await rm(helper.path);
    }
  });
});

describe("the certificate of a registry", () => {
  test("is checked, by a CA of the node's too, unless the task says otherwise", async () => {
    await using engine = await startEngine({ folder: "/run/tls-engine" }, AbortSignal.timeout(60_000));
    await using images = await ImageRig.start({ hasTls: true, socketPath: engine.socketPath });
    const image = `${images.registry.host}/safe:1`;
    await images.registry.publish("safe:1", { mark: "safe " });
    const unknown = await images.failure(image, { auth: { tls_verify: true } });
    assert.match(
      unknown.message,
      /x509: .*; this node does not trust .* certificate; put its CA into \/etc\/containers\/certs\.d\/127\.0\.0\.1:\d+\/ca\.crt/,
    );
    assert.equal(unknown.recoverable, false);
    assert.match(await images.run(image), /^safe /);
    const folder = join(engine.env["HOME"] ?? "", ".config/containers/certs.d", images.registry.host);
    await mkdir(folder, { recursive: true });
    await copyFile(images.registry.caPath ?? "", join(folder, "ca.crt"));
    assert.match(await images.run(image, { force_pull: true, auth: { tls_verify: true } }), /^safe /);
  });

  test("is checked where the task says nothing: a registry without TLS is refused", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("open:1");
    const task = await images.rig.prepare({ config: { image: images.at("open:1") } });
    await assert.rejects(images.rig.startTask(task), {
      message: /server gave HTTP response to HTTPS client; the registry has no TLS; mark it as insecure/,
    });
  });
});
