import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { makeOrdinaryUser, requestEngine, startEngine, testSetting, until, whyNoOrdinaryUser, type Engine } from "@driver/testing";
import { cniFolder } from "./agent-config.ts";
import { fieldOf, listOf, numberOf, textOf } from "./json-fields.ts";
import { NomadAgent } from "./nomad-agent.ts";
import { NameServer } from "./name-server.ts";
import { readData, registerJob, untilPlaced } from "./placed-group.ts";

const skip = existsSync(join(cniFolder, "bridge"))
  ? false
  : `there is no ${join(cniFolder, "bridge")}: apt install containernetworking-plugins`;
const runTimeoutMs = 120_000;
const whyNoUser = await whyNoOrdinaryUser(AbortSignal.timeout(runTimeoutMs));
/** The host's address on the bridge that Nomad makes for groups. */
const bridgeAddress = "172.26.64.1";

/** Commands that write down what a task is called, the address that it finds under that name, and its own. */
const tellNames = [
  // As texts: an allocation's name may read as a number, such as 21e84302.
  `n=$(hostname); echo $n $(awk -v n=$n '$2 "" == n "" { print $1; exit }' /etc/hosts) >/alloc/data/own-name`,
  "ip -4 -o address show eth0 | awk '{ print $4 }' | cut -d/ -f1 >/alloc/data/address",
];

/** One group on a bridge: `web` serves on 127.0.0.1 and on a mapped port, `client` fetches that and asks the test's name server. */
function renderGroupJob(name: string, hostname: string): string {
  const task = (taskName: string, script: string): string => `
    task "${taskName}" {
      driver = "podman"
      config {
        image   = ${JSON.stringify(testSetting("TEST_IMAGE"))}
        command = "sh"
        args    = ["-c", ${JSON.stringify(script)}]
      }
      resources {
        cpu    = 20
        memory = 32
      }
    }`;
  const client = [
    "until wget -qO- http://127.0.0.1:8080/ >/alloc/data/fetched; do sleep 0.2; done",
    "cat /etc/resolv.conf >/alloc/data/resolv",
    "nslookup answer.test | tee /alloc/data/looked-up",
    ...tellNames,
    "exec sleep 600",
  ];
  return `job "${name}" {
  type = "service"
  group "only" {
    restart {
      attempts = 0
      mode     = "fail"
    }
    network {
      mode = "bridge"
      ${hostname === "" ? "" : `hostname = "${hostname}"`}
      dns {
        servers = ["${bridgeAddress}"]
      }
      port "http" {
        to = 8080
      }
    }
${task("web", "echo hello from the group >/tmp/index.html; exec httpd -f -p 8080 -h /tmp")}
${task("client", client.join("; "))}
  }
}
`;
}

/** The Podman of an ordinary user. */
async function startUsersEngine(): Promise<Engine> {
  const world = process.env["WORLD_FOLDER"] ?? "";
  const storage = join(world, "users-storage");
  const options = { folder: "/run/users-engine", storage, user: await makeOrdinaryUser(world), startTimeoutMs: 60_000 };
  const engine = await startEngine(options, AbortSignal.timeout(runTimeoutMs));
  await engine.importBusybox(testSetting("TEST_IMAGE"));
  return engine;
}

for (const { groupNetwork, of } of [
  { groupNetwork: "nomad", of: "root" },
  { groupNetwork: "pod", of: "root" },
  { groupNetwork: "pod", of: "another user" },
] as const) {
  const whyNot = of === "root" ? skip : skip || (whyNoUser ?? false);
  describe(`a group on a bridge (group_network = "${groupNetwork}", the Podman of ${of})`, { skip: whyNot }, async () => {
    const engine = of === "root" || whyNot !== false ? undefined : await startUsersEngine();
    const name = `group-network-${groupNetwork}-${of === "root" ? "root" : "user"}`;
    const agent = await NomadAgent.start({ name, groupNetwork, ...(engine && { socketPath: engine.socketPath }) });
    after(async () => {
      await agent[Symbol.asyncDispose]();
      await engine?.close();
    });
    const hostname = groupNetwork === "pod" ? "shop" : "";

    test("shares 127.0.0.1, is reached by its mapped port, knows names and its own, outlives its agent, and leaves nothing", async () => {
      await using _ = await NameServer.start({ "answer.test": "192.0.2.99" });
      await registerJob(agent, renderGroupJob("shared", hostname));
      const allocation = await untilAllocation(agent, "shared");
      const data = (name: string): Promise<string> => readData(agent, allocation.id, name);
      assert.equal(await data("fetched"), "hello from the group");
      assert.match(await data("resolv"), new RegExp(`^nameserver ${bridgeAddress}$`, "m"));
      assert.match(await data("looked-up"), /192\.0\.2\.99/);
      const address = await data("address");
      const name = groupNetwork === "pod" ? "shop" : allocation.id.slice(0, 8);
      assert.equal(await data("own-name"), `${name} ${address}`);
      assert.equal((await (await fetch(`http://${allocation.mapped}/`)).text()).trim(), "hello from the group");
      const pods = await namesOf(agent, "pods");
      assert.deepEqual(pods, groupNetwork === "pod" ? [`nomad-${allocation.id}-group`] : []);
      // An agent that comes back asks for the network again, and finds it as it was.
      await agent.kill();
      await agent.launch();
      await until(async () => (await agent.readHealth())?.isHealthy === true, runTimeoutMs);
      assert.equal((await (await fetch(`http://${allocation.mapped}/`)).text()).trim(), "hello from the group");
      assert.equal((await untilAllocation(agent, "shared")).id, allocation.id);
      await agent.api.delete("/v1/job/shared");
      await until(
        async () => (await namesOf(agent, "pods")).length === 0 && (await namesOf(agent, "containers")).length === 0,
        runTimeoutMs,
      );
    });

    test("finds its address under its own name without a port too", async () => {
      const text = renderGroupJob("portless", hostname).replace(/port "http" \{[^}]*\}/, "").replace(/until wget.*?; done; /, "");
      await registerJob(agent, text);
      const { id } = await untilPlaced(agent, "portless", tasks);
      const name = groupNetwork === "pod" ? "shop" : id.slice(0, 8);
      assert.equal(await readData(agent, id, "own-name"), `${name} ${await readData(agent, id, "address")}`);
      await agent.api.delete("/v1/job/portless");
    });
  });
}

interface PlacedAllocation {
  readonly id: string;
  /** Of its mapped port on the host, as host:port. */
  readonly mapped: string;
}

const tasks = ["web", "client"];

/** Settles when the server knows that both tasks run. */
async function untilAllocation(agent: NomadAgent, jobName: string): Promise<PlacedAllocation> {
  const { id, report } = await untilPlaced(agent, jobName, tasks);
  const [port] = listOf(fieldOf(fieldOf(report, "AllocatedResources"), "Shared"), "Ports");
  return { id, mapped: port === undefined ? assert.fail("no port") : `${textOf(port, "HostIP")}:${numberOf(port, "Value")}` };
}

/** The names of all pods, or of all containers, that Podman has. */
async function namesOf(agent: NomadAgent, kind: "pods" | "containers"): Promise<readonly string[]> {
  const answer = await requestEngine(agent.socketPath, {
    method: "GET",
    path: `/${kind}/json?all=true`,
    signal: AbortSignal.timeout(20_000),
  });
  const entries: unknown = JSON.parse(answer.text);
  return listOf({ entries }, "entries").map((entry) => (kind === "pods" ? textOf(entry, "Name") : textOf(entry, "Id")));
}
