import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { join } from "node:path";
import { test } from "node:test";
import { DriverRig, TlsFront } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(120_000);

/** What an operator does on a host, as far as this process is concerned, to have it trust an authority of one's own. */
const trusting = (front: TlsFront): Readonly<Record<string, string>> => ({
  SSL_CERT_FILE: join(front.folder, "ca.crt"),
  SSL_CERT_DIR: "/nonexistent",
  NODE_EXTRA_CA_CERTS: "",
});

test("a Podman behind TLS without a ca is trusted as the host trusts", async () => {
  await using front = await TlsFront.start();
  await using other = await TlsFront.start();
  const tls = { cert: join(front.folder, "client.crt"), key: join(front.folder, "client.key") };
  const pluginConfig = { socket_path: "", socket: [{ name: "far", socket_path: `tcp://127.0.0.1:${front.port}`, tls }] };
  for (const [trusted, expected] of [[front, "healthy"], [other, "undetected"]] as const) {
    await using rig = await DriverRig.start({ pluginConfig, env: trusting(trusted) });
    for await (const { health, healthDescription } of rig.driver.fingerprint(soon())) {
      assert.equal(health, expected, healthDescription);
      if (health === "undetected") assert.match(healthDescription, /no trust by TLS: .*certificate/);
      break;
    }
  }
});

test("an archive is fetched from a server that the host trusts, and from no other", async () => {
  await using front = await TlsFront.start();
  await using other = await TlsFront.start();
  const [cert, key] = await Promise.all(["server.crt", "server.key"].map((name) => readFile(join(front.folder, name))));
  const server = createServer({ cert, key }, (_request, answer) => answer.writeHead(404).end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const image = `docker-archive:https://127.0.0.1:${typeof address === "object" ? address?.port : ""}/shop.tar`;
  try {
    for (const [trusted, expected] of [[front, /the server answered 404/], [other, /certificate/]] as const) {
      await using rig = await DriverRig.start({ env: trusting(trusted) });
      await assert.rejects(rig.runScript("true", { config: { image } }), expected);
    }
  } finally {
    server.close();
  }
});
