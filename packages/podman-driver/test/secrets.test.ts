import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { test } from "node:test";
import { DriverRig, testSetting } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

test("gives a task Podman's secrets as files and as variables, and shows them nowhere else", async () => {
  await using rig = await DriverRig.start();
  await using secret = await makeSecret("top\nsecret");
  await using second = await makeSecret("second");
  const script = "cd /run/secrets; cat plain; stat -c '%a %u %g' plain owned; cat /etc/elsewhere; echo; echo \"$PASSWORD\"";
  const task = await rig.prepare({
    config: {
      command: "sh",
      args: ["-c", script],
      secrets: [
        { name: secret.name, target: "plain" },
        { name: second.name, target: "owned", uid: 1000, gid: 1001, mode: "0400" },
        { name: secret.name, target: "/etc/elsewhere" },
        { name: secret.name, env: "PASSWORD" },
      ],
    },
    env: { PASSWORD: "not this" },
  });
  const { handle } = await rig.startTask(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  assert.equal((await task.stdout.whole()).toString(), "top\nsecret444 0 0\n400 1000 1001\ntop\nsecret\ntop\nsecret\n");
  assert.ok(!Buffer.from(handle.driverState).includes("top\nsecret"));
  assert.doesNotMatch(rig.log, /top\\nsecret|top\nsecret/);
});

test("says which secret is missing, once, and leaves nothing", async () => {
  await using rig = await DriverRig.start();
  for (const place of [{}, { env: "PASSWORD" }]) {
    const task = await rig.prepare({ config: { command: "true", secrets: [{ name: "no-such-secret", ...place }] } });
    await assert.rejects(rig.startTask(task), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, /no secret with name or id "no-such-secret"/);
      assert.ok(!("recoverable" in error) || error.recoverable !== true, "another try will not mend it");
      return true;
    });
  }
});

async function makeSecret(content: string): Promise<AsyncDisposable & { readonly name: string }> {
  const name = `test-${randomUUID()}`;
  assert.equal(await call("POST", `/secrets/create?name=${name}`, content), 200);
  return { name, [Symbol.asyncDispose]: async () => assert.equal(await call("DELETE", `/secrets/${name}`), 204) };
}

function call(method: string, path: string, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/octet-stream" };
    const outgoing = request({
      socketPath: testSetting("TEST_PODMAN_SOCKET"),
      method,
      path: `/v4.0.0/libpod${path}`,
      headers,
      agent: false,
    });
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    });
    outgoing.end(body);
  });
}
