import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { findTool, registryLogin, runProcess, TestRegistry, testSetting } from "@driver/testing";
import { findFencedBlocks } from "../scripts/docs/fenced-blocks.ts";
import { CliWorkplace, type CliResult } from "./cli-run.ts";

const examples = findFencedBlocks(readFileSync(join(import.meta.dirname, "../docs/images.md"), "utf8")).filter(
  ({ language }) => language === "hcl",
);
const jobs = examples.filter(({ text }) => text.startsWith("job "));
const pluginBlocks = examples.filter(({ text }) => text.startsWith("plugin "));
const auth = Buffer.from(`${registryLogin.username}:${registryLogin.password}`).toString("base64");

const registry = await TestRegistry.start({ hasLogin: true });
after(() => registry[Symbol.asyncDispose]());
await registry.publish("doc:1", { mark: "of docs/images.md\n" });

/** An archive of that image, at an address of its own. */
async function serveArchive(folder: string): Promise<AsyncDisposable & { readonly url: string; readonly digest: string }> {
  const path = join(folder, "app.tar");
  const copy = ["copy", "--src-tls-verify=false", `--src-creds=${registryLogin.username}:${registryLogin.password}`];
  const made = await runProcess(
    findTool("skopeo") ?? "skopeo",
    [...copy, `docker://${registry.host}/doc:1`, `docker-archive:${path}:localhost/doc:1`],
    { signal: AbortSignal.timeout(60_000) },
  );
  assert.equal(made.code, 0, made.stderr);
  const content = await readFile(path);
  const server = createServer((_request, answer) => void answer.end(content)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    digest: `sha256:${createHash("sha256").update(content).digest("hex")}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A job that prints the image's mark. */
const printingJob = `job "prints" {
  type = "batch"
  group "only" {
    task "web" {
      driver = "podman"
      config {
        image        = "${registry.host}/doc:1"
        force_pull   = true
        network_mode = "none"
        command      = "cat"
        args         = ["/mark"]
        auth {
          tls_verify = false
        }
      }
    }
  }
}
`;

async function runWith(place: CliWorkplace, pluginBlock: string): Promise<CliResult> {
  const config = await place.write("plugin.hcl", pluginBlock);
  const job = await place.write("prints.nomad.hcl", printingJob);
  return await place.run(["run", "-socket", testSetting("TEST_PODMAN_SOCKET"), "-plugin-config", config, job]);
}

describe("an example in docs/images.md runs:", () => {
  test("the job of an archive at an address", async () => {
    await using place = await CliWorkplace.create();
    await using archive = await serveArchive(place.path);
    const [job] = jobs;
    assert.equal(jobs.length, 1);
    const text = (job?.text ?? "").replace("https://files.example.com", archive.url).replace(/sha256:[0-9a-f]{64}/, archive.digest);
    const { stderr } = await place.runJob(await place.write("archive.nomad.hcl", text), {
      // Its shell has nothing to read and ends; a service starts again.
      onOutput: ({ stderr: so, kill }) => {
        if (/web \* started/.test(so)) kill("SIGINT");
      },
    });
    assert.match(stderr, new RegExp(`web \\* Loading image ${archive.url}/app\\.tar\n`));
    assert.match(stderr, /web \* Loaded image \S+app\.tar: [\d.]+ MB on disk/);
    assert.match(stderr, /web \* started/);
  });

  test("the plugin block of logins, and without one there is no image", async () => {
    await using place = await CliWorkplace.create();
    const file = await place.write("auth.json", JSON.stringify({ auths: { [registry.host]: { auth } } }));
    const block = pluginBlocks.find(({ text }) => text.includes("auth {"))?.text ?? "";
    const { code, stdout, stderr } = await runWith(place, block.replace("/etc/nomad.d/auth.json", file));
    assert.deepEqual([code, stdout], [0, "web | of docs/images.md\n"], stderr);
    const without = await runWith(place, block.replace("/etc/nomad.d/auth.json", await place.write("none.json", "{}")));
    assert.equal(without.code, 1);
    assert.match(without.stderr, /no credentials for \S+ were found/);
  });

  test("the plugin block of the clean-up", async () => {
    await using place = await CliWorkplace.create();
    const block = pluginBlocks.find(({ text }) => text.includes("gc {"))?.text ?? "";
    const login =
      `auth {\n      username       = "${registryLogin.username}"\n      password       = "${registryLogin.password}"\n      ` +
      `server_address = "${registry.host}"\n    }\n    gc {`;
    const { code, stdout, stderr } = await runWith(place, block.replace("gc {", login));
    assert.deepEqual([code, stdout], [0, "web | of docs/images.md\n"], stderr);
  });
});
