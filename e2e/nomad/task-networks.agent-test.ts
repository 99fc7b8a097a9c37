import assert from "node:assert/strict";
import { readlink, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { testSetting, until } from "@driver/testing";
import { fieldOf, listOf, numberOf, textOf } from "./json-fields.ts";
import { NomadAgent } from "./nomad-agent.ts";
import { readData, registerJob, untilPlaced } from "./placed-group.ts";

interface GroupTask {
  readonly name: string;
  readonly script: string;
  /** Further keys of its config, in HCL. */
  readonly config: string;
}

/** A job whose only group is on the host's network, as Nomad calls it where the group has none of its own. */
function renderJob(name: string, tasks: readonly GroupTask[], ports: readonly string[] = []): string {
  const rendered = tasks.map(
    (task) => `
    task "${task.name}" {
      driver = "podman"
      config {
        image   = ${JSON.stringify(testSetting("TEST_IMAGE"))}
        command = "sh"
        args    = ["-c", ${JSON.stringify(task.script)}]
        ${task.config}
      }
      resources {
        cpu    = 20
        memory = 32
      }
    }`,
  );
  return `job "${name}" {
  type = "service"
  group "only" {
    restart {
      attempts = 5
      interval = "10m"
      delay    = "1s"
      mode     = "fail"
    }
    network {
      mode = "host"
      ${ports.map((label) => `port "${label}" {}`).join("\n      ")}
    }
${rendered.join("\n")}
  }
}
`;
}

/** The kernel's name of the network that a task is in, into a file of /alloc/data. */
const tellNetwork = (name: string): string =>
  `readlink /proc/self/ns/net >/alloc/data/${name}.new; mv /alloc/data/${name}.new /alloc/data/${name}`;

describe("tasks of a group without a network of its own", async () => {
  const agent = await NomadAgent.start({ name: "task-networks" });
  after(() => agent[Symbol.asyncDispose]());
  const networkOf = (id: string, name: string): Promise<string> => readData(agent, id, name);

  test("one joins the network of another that starts later, and joins again after that was restarted", async () => {
    const fetching = "until wget -qO- http://127.0.0.1:8080/ >/alloc/data/fetched; do sleep 0.2; done";
    const client = `${fetching}; ${tellNetwork("client")}; exec sleep 600`;
    const server = `${tellNetwork("server")}; echo hello >/tmp/index.html; exec httpd -f -p 127.0.0.1:8080 -h /tmp`;
    await registerJob(
      agent,
      renderJob("joined", [
        { name: "client", script: client, config: 'network_mode = "task:server"' },
        { name: "server", script: `sleep 1; ${server}`, config: 'network_mode = "bridge"' },
      ]),
    );
    const { id } = await untilPlaced(agent, "joined", ["client", "server"]);
    assert.equal(await readData(agent, id, "fetched"), "hello");
    const first = await networkOf(id, "client");
    assert.deepEqual([await networkOf(id, "server"), first === (await readlink("/proc/self/ns/net"))], [first, false]);
    // Said anew by each start: the kernel may give the new network the number of the old one.
    for (const name of ["server", "client"]) await rm(join(agent.allocFolder(id), "data", name));
    await agent.api.post(`/v1/client/allocation/${id}/restart`, { TaskName: "server" });
    const second = await networkOf(id, "server");
    await until(async () => (await networkOf(id, "client")) === second, 60_000);
    await untilPlaced(agent, "joined", ["client", "server"]);
    await agent.api.delete("/v1/job/joined");
  });

  test("one is on the host's network, and another's port is led to it from there", async () => {
    const serve = (port: string): string => `hostname >/tmp/index.html; exec httpd -f -p $NOMAD_PORT_${port} -h /tmp`;
    const config = 'ports    = ["led"]\n        hostname = "bridged"';
    await registerJob(
      agent,
      renderJob(
        "hosted",
        [
          { name: "hosted", script: `${tellNetwork("hosted")}; ${serve("open")}`, config: 'network_mode = "host"' },
          { name: "bridged", script: `${tellNetwork("bridged")}; ${serve("led")}`, config },
        ],
        ["open", "led"],
      ),
    );
    const { id, report } = await untilPlaced(agent, "hosted", ["hosted", "bridged"]);
    const ports = listOf(fieldOf(fieldOf(report, "AllocatedResources"), "Shared"), "Ports");
    const fetched = (label: string): Promise<string> => {
      const port = ports.find((one) => textOf(one, "Label") === label) ?? assert.fail(`no port ${label}`);
      const url = `http://${textOf(port, "HostIP")}:${numberOf(port, "Value")}/`;
      return fetch(url).then(async (answer) => (await answer.text()).trim(), String);
    };
    const own = await readlink("/proc/self/ns/net");
    assert.deepEqual([await networkOf(id, "hosted"), (await networkOf(id, "bridged")) === own], [own, false]);
    await until(async () => (await fetched("open")) === hostname() && (await fetched("led")) === "bridged", 60_000);
    await agent.api.delete("/v1/job/hosted");
  });
});
