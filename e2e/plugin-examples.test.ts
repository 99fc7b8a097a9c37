import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { pluginSamples } from "@driver/podman-driver/docs";
import { startEngine, whyNoJournal, whyNoOrdinaryUser } from "@driver/testing";
import { toExampleLines, toExamplePlugin } from "../scripts/docs/option-example.ts";
import { CliWorkplace } from "./cli-run.ts";
import { openJournal, openTlsFront, openUsersEngine, type ExamplePlace, type PlacedExamples } from "./example-places.ts";

// Of its own, as some examples keep containers, and some clear images away.
const engine = await startEngine({ folder: "/run/plugin-examples" }, AbortSignal.timeout(120_000));
after(() => engine.close());
const image = "localhost/busybox:1";
await engine.importBusybox(image);

const places: readonly PlacedExamples[] = [
  { keys: ["logging.options", "logging.config"], skip: whyNoJournal(), open: openJournal },
  { keys: ["socket.host_user", "open_allocation_path"], skip: await whyNoOrdinaryUser(AbortSignal.timeout(60_000)), open: openUsersEngine },
  { keys: ["socket.tls", "tls"], skip: undefined, open: () => openTlsFront(engine) },
];
const home: ExamplePlace = { socketPath: engine.socketPath, [Symbol.asyncDispose]: () => Promise.resolve() };

/** Several keys can have one example. */
const examples = Map.groupBy(Object.keys(pluginSamples), (key) => toExampleLines(pluginSamples[key] ?? {}).join("\n"));

describe("a task runs where the agent's file has the example in the table of the plugin's config", { concurrency: 2 }, () => {
  for (const [text, keys] of examples) {
    const { skip, open } = places.find((place) => place.keys.some((key) => keys.includes(key))) ?? { open: () => Promise.resolve(home) };
    test(`that of ${keys.join(", ")}`, { skip: skip ?? false }, async () => {
      await using place = await open();
      const { code, stderr } = await runWith(text.split("\n"), place);
      assert.equal(code, 0, stderr);
    });
  }
});

test("no place is made for an example that is not there", () => {
  assert.deepEqual(places.flatMap(({ keys }) => keys).filter((key) => !(key in pluginSamples)), []);
});

/** Runs one task with these lines in the plugin's config. */
async function runWith(lines: readonly string[], place: ExamplePlace): ReturnType<CliWorkplace["run"]> {
  await using workplace = await CliWorkplace.create();
  const names = Object.entries({ "/run/a.sock": place.socketPath, ...place.names });
  const named = lines.map((line) => names.reduce((text, [theirs, own]) => text.replaceAll(theirs, own), line));
  const hasAddress = [place.socketPath, "host_user", "tcp://"].some((sign) => named.some((line) => line.includes(sign)));
  const socket = hasAddress ? [] : [`socket_path = "${place.socketPath}"`];
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
${(place.configLines ?? []).map((line) => `        ${line}\n`).join("")}      }
    }
  }
}
`;
  const agent = await workplace.write("agent.hcl", toExamplePlugin([...socket, ...named]));
  return await workplace.run(["run", "-plugin-config", agent, await workplace.write("job.hcl", job)]);
}
