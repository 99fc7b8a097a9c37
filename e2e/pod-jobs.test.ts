// The job files of documents about networks, as they are: with images of their names and shape.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { requestEngine, testSetting } from "@driver/testing";
import { CliWorkplace, listContainers } from "./cli-run.ts";

const run = promisify(execFile);
const documents = join(import.meta.dirname, "jobs/documents");

/** What the images do that the documents name, in a shell: the words of their command are its arguments. */
const images: Readonly<Record<string, { readonly command: readonly string[]; readonly script: string }>> = {
  "docker.io/library/nats:2.1.8-alpine": {
    command: ["nats-server", "--config", "/etc/nats/nats-server.conf"],
    // With the file of its own it is reached at 8222 by all, with one of the task where that says.
    script:
      'test "$1" = nats-server || exit 9; at=0.0.0.0; grep -qx "http: localhost:8222" "$3" 2>/dev/null && at=127.0.0.1; ' +
      'mkdir /tmp/www; echo "connections 7" >/tmp/www/varz; exec httpd -f -p $at:8222 -h /tmp/www',
  },
  "docker.io/natsio/prometheus-nats-exporter:0.6.2": {
    command: [],
    script:
      'test "$1" = -varz || exit 9; until timeout 5 wget -qO /tmp/metrics "$2/varz"; do sleep 0.2; done; ' +
      "echo ready; exec httpd -f -p 7777 -h /tmp",
  },
  "gcr.io/google_containers/pause-amd64:3.1": { command: [], script: 'trap "exit 0" TERM; sleep 100000 & wait' },
  "docker.io/library/postgres:13": {
    command: ["postgres"],
    script:
      'test "$1" = postgres || exit 9; mkdir -p $PGDATA && echo "$POSTGRES_USER $POSTGRES_DB" >$PGDATA/rows; ' +
      "exec httpd -f -p 5432 -h $PGDATA",
  },
  "docker.io/library/nginx:1.27": {
    command: ["nginx"],
    script: 'ip -4 -o address | awk \'$2 != "lo" { print $2, $4 }\'; echo ready; trap "exit 0" TERM; sleep 100000 & wait',
  },
  "quay.io/notes/notes:latest": {
    command: [],
    script:
      'db=${CMD_DB_URL#*@}; until timeout 5 wget -qO /app/public/uploads/metrics "http://${db%%/*}/rows"; do sleep 0.2; done; ' +
      "echo ready; exec httpd -f -p $CMD_HOST:$CMD_PORT -h /app/public/uploads",
  },
};

/** Each with the task that tells when it is ready, the port at which the host asks it, and what it answers. */
const jobs: readonly (readonly [file: string, ready: string, port: string, answer: string])[] = [
  ["readme-pod-of-server.nomad.hcl", "exporter", "metrics", "connections 7\n"],
  ["readme-pod-of-pause.nomad.hcl", "exporter", "metrics", "connections 7\n"],
  ["readme-pod-of-group.nomad.hcl", "exporter", "metrics", "connections 7\n"],
  ["article-pod.nomad.hcl", "application", "http", "notes notes\n"],
];

for (const [file, ready, port, answer] of jobs) {
  test(`the tasks of ${file} reach each other as on one host, and are reached`, async (context) => {
    const text = await readFile(join(documents, file), "utf8");
    context.after(await makeImages(text));
    await using _ = await makeFolders(text);
    await using workplace = await CliWorkplace.create();
    let asking: Promise<string> | undefined;
    const { code, stdout, stderr } = await workplace.runJob(await workplace.write("job.nomad.hcl", text), {
      onOutput: ({ stdout: shown, stderr: told, kill }) => {
        const [, address] = new RegExp(`, ${port} ([\\d.]+:\\d+)`).exec(told) ?? [];
        if (!new RegExp(`^${ready} +\\| ready\n`, "m").test(shown) || address === undefined) return;
        asking ??= ask(`http://${address}/metrics`).finally(() => kill("SIGINT"));
      },
    });
    assert.equal(code, 130, `${stdout}${stderr}`);
    assert.equal(await asking, answer);
    const [, allocation = ""] = /: allocation ([0-9a-f]{8})/.exec(stderr) ?? assert.fail(stderr);
    assert.deepEqual(await listContainers(`-${allocation}`), []);
  });
}

test("the job of docs/networks.md is on the networks that the commands there make", async (context) => {
  const text = await readFile(join(import.meta.dirname, "../docs/networks.md"), "utf8");
  const [, commands = ""] = /```sh\n(podman network create [^`]*)```/.exec(text) ?? [];
  for (const [, subnet, name = ""] of commands.matchAll(/^podman network create (?:--subnet (\S+) )?(\S+)$/gm)) {
    await call("POST", "/networks/create", { name, ...(subnet !== undefined && { subnets: [{ subnet }] }) });
    context.after(() => call("DELETE", `/networks/${name}?force=true`));
  }
  const [, job = ""] = /```hcl\n(job [^`]*)```/.exec(text) ?? [];
  context.after(await makeImages(job));
  await using workplace = await CliWorkplace.create();
  let isReady = false;
  const { code, stdout, stderr } = await workplace.runJob(await workplace.write("job.nomad.hcl", job), {
    onOutput: ({ stdout: shown, kill }) => {
      if (isReady || !shown.includes("ready\n")) return;
      isReady = true;
      kill("SIGINT");
    },
  });
  assert.equal(code, 130, `${stdout}${stderr}`);
  // Podman makes the two in any order.
  assert.match(
    stdout.split("\n").toSorted().join("\n"),
    /^\nweb \| eth0 10\.201\.2\.10\/24\nweb \| eth1 \d+\.\d+\.\d+\.\d+\/\d+\nweb \| ready$/,
  );
});

/** The server says that it is ready a moment before it listens. */
async function ask(url: string): Promise<string> {
  for (const signal = AbortSignal.timeout(60_000); ; signal.throwIfAborted()) {
    const answer = await fetch(url, { signal }).then((response) => response.text(), () => undefined);
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function call(method: "POST" | "DELETE", path: string, body?: unknown): Promise<string> {
  const signal = AbortSignal.timeout(120_000);
  const options = { method, path, signal, ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }) };
  const { status, text } = await requestEngine(testSetting("TEST_PODMAN_SOCKET"), options);
  assert.ok(status < 300, text);
  return text;
}

/** Gives the test's image the names that a job has for its own, each with its program; settles with the way to remove them. */
async function makeImages(job: string): Promise<() => Promise<void>> {
  const wanted = Object.entries(images).filter(([name]) => job.includes(name.replace(/^docker\.io\/(library\/)?/, "")));
  for (const [name, { command, script }] of wanted) {
    const made: unknown = JSON.parse(await call("POST", "/containers/create", { image: testSetting("TEST_IMAGE") }));
    const { Id: id } = made as { readonly Id: string };
    const changes = [`ENTRYPOINT ${JSON.stringify(["sh", "-c", script, "image"])}`, `CMD ${JSON.stringify(command)}`];
    const [, repo = "", tag = ""] = /^(.*):([^:]*)$/.exec(name) ?? [];
    const query = new URLSearchParams([["container", id], ["repo", repo], ["tag", tag], ...changes.map((change) => ["changes", change])]);
    await call("POST", `/commit?${query}`);
    await call("DELETE", `/containers/${id}?force=true`);
  }
  return async () => {
    for (const [name] of wanted) await call("DELETE", `/images/${name}`);
  };
}

/** The folders of the host that a job mounts, in memory of this world. */
async function makeFolders(job: string): Promise<AsyncDisposable> {
  const paths = [...job.matchAll(/"(\/srv\/[^:"]+):/g)].map(([, path = ""]) => path);
  if (paths.length === 0) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  await run("mount", ["-t", "tmpfs", "none", "/srv"]);
  for (const path of paths) await mkdir(path, { recursive: true });
  return { [Symbol.asyncDispose]: async () => void (await run("umount", ["/srv"])) };
}
