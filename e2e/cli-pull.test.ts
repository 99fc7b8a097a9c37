import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RegistryProxy, runProcess, TestRegistry, testSetting } from "@driver/testing";
import { CliWorkplace } from "./cli-run.ts";

const runTimeoutMs = 120_000;

/** A job of one task, whose image a registry without TLS sends slowly. */
const jobOf = (image: string): string => `job "pulls" {
  type = "batch"
  group "only" {
    task "web" {
      driver = "podman"
      config {
        image        = "${image}"
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

interface SlowImage extends AsyncDisposable {
  readonly name: string;
}

async function publishSlowly(mark: string): Promise<SlowImage> {
  const registry = await TestRegistry.start();
  const proxy = await RegistryProxy.start(registry.host);
  await registry.publish("slow:1", { mark, layerBytes: [2_000_000] });
  proxy.fault(/GET .*\/blobs\//, { kind: "slow", bytesPerSecond: 500_000 });
  return {
    name: `${proxy.host}/slow:1`,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

describe("an image that comes slowly", () => {
  test("has a line of its own on a terminal, which is taken away again", async () => {
    await using image = await publishSlowly("on a terminal\n");
    await using place = await CliWorkplace.create();
    const path = await place.write("job.nomad.hcl", jobOf(image.name));
    const command = `stty cols 120; exec ${testSetting("TEST_PLUGIN")} run -socket ${testSetting("TEST_PODMAN_SOCKET")} ${path}`;
    const { code, stdout } = await runProcess("script", ["-qec", command, "/dev/null"], {
      env: { ...process.env, TERM: "xterm" },
      signal: AbortSignal.timeout(runTimeoutMs),
    });
    assert.equal(code, 0, stdout);
    const drawn = [...stdout.matchAll(/\d layers? begun, [^\r\n]*\ds: 127\.0\.0\.1:\d+\/slow:1(?=\r\u001b\[J)/g)];
    assert.ok(drawn.length >= 2, stdout);
    const afterPull = stdout.slice(stdout.lastIndexOf("\r\u001b[J"));
    assert.match(afterPull, /on a terminal/);
    assert.match(afterPull, /pulls\S*: .*done/);
  });

  test("is told of in plain lines elsewhere", async () => {
    await using image = await publishSlowly("in a file\n");
    await using place = await CliWorkplace.create();
    const path = await place.write("job.nomad.hcl", jobOf(image.name));
    const { code, stdout, stderr } = await place.runJob(path);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "web | in a file\n");
    assert.match(stderr, /web \* Pulling image \S+slow:1\nweb \* Pulled image \S+slow:1: [\d.]+ MB on disk/);
    assert.doesNotMatch(stderr, /\u001b|\r|begun/);
  });
});
