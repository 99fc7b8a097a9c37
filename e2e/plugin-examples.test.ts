import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { pluginSamples } from "@driver/podman-driver/docs";
import { startEngine } from "@driver/testing";
import { toExampleLines, toExamplePlugin } from "../scripts/docs/option-example.ts";
import { CliWorkplace } from "./cli-run.ts";

// Of its own, as some examples keep containers, and some clear images away.
const engine = await startEngine({ folder: "/run/plugin-examples" }, AbortSignal.timeout(120_000));
after(() => engine.close());
const image = "localhost/busybox:1";
await engine.importBusybox(image);

const needsJournal = "wants the host's journal, of which the tests of log drivers have their own";
const needsTls = "wants a Podman behind TLS, of which the tests of remote ones have their own";

/** Why this machine cannot show an example. */
const leftOut: Readonly<Record<string, string>> = {
  "logging.options": needsJournal,
  "logging.config": needsJournal,
  "socket.host_user": "wants a user's session, of which the tests of ordinary users have their own",
  "socket.tls": needsTls,
  tls: needsTls,
};

/** Several keys can have one example. */
const examples = Map.groupBy(Object.keys(pluginSamples), (key) => toExampleLines(pluginSamples[key] ?? {}).join("\n"));

describe("a task runs where the agent's file has the example in the table of the plugin's config", { concurrency: 2 }, () => {
  for (const [text, keys] of examples) {
    const reason = keys.map((key) => leftOut[key]).find((one) => one !== undefined);
    test(`that of ${keys.join(", ")}`, { skip: reason ?? false }, async () => {
      const { code, stderr } = await runWith(text.split("\n"));
      assert.equal(code, 0, stderr);
    });
  }
});

test("no example is left out that is not there", () => {
  assert.deepEqual(Object.keys(leftOut).filter((key) => !(key in pluginSamples)), []);
});

/** Runs one task with these lines in the plugin's config. */
async function runWith(lines: readonly string[]): ReturnType<CliWorkplace["run"]> {
  await using workplace = await CliWorkplace.create();
  const named = lines.map((line) => line.replaceAll("/run/a.sock", engine.socketPath));
  const socket = named.some((line) => line.includes(engine.socketPath)) ? [] : [`socket_path = "${engine.socketPath}"`];
  const job = `job "example" {
  type = "batch"
  group "example" {
    restart {
      attempts = 0
      mode     = "fail"
    }
    task "example" {
      driver = "podman"
      config {
        image        = "${image}"
        command      = "true"
        network_mode = "none"
      }
    }
  }
}
`;
  const agent = await workplace.write("agent.hcl", toExamplePlugin([...socket, ...named]));
  return await workplace.run(["run", "-plugin-config", agent, await workplace.write("job.hcl", job)]);
}
