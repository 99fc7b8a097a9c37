import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { validateFile } from "@driver/cli";
import { JobFileError, loadPluginConfig } from "@driver/nomad-host";
import { decodeMsgpack, encodeConfig, type HclRecord } from "@driver/nomad-plugin";
import { pluginSchema, taskSchema } from "@driver/podman-driver";
import { DriverRig } from "@driver/testing";

import { findSnippets, toJob } from "./jobs/snippets.ts";

const documents = join(import.meta.dirname, "jobs/documents");
const shapes = join(import.meta.dirname, "jobs/shapes");

const logDrivers = taskSchema.options.find(({ path }) => path === "logging.type")?.only;

/** What is said of the files that are refused, each with its line; all others are right as they are. */
const refusedFiles: Readonly<Record<string, readonly string[]>> = {
  // Of what `run` has not, and an agent has.
  "cni-group.nomad.hcl": [
    '6: group "routed": network mode "cni/macvlan" is not supported by `run`; use "bridge", or leave the mode out and set ' +
      "network_mode in the task's config",
  ],
  "from-vault.nomad.hcl": ['9: block vault in task "app": not supported: Vault is not available here; pass secrets in env or with -var'],
  // Of what no agent takes either.
  "page-redis.nomad.hcl": [
    '3: block network in job "example": not allowed here; it belongs into a group block',
    '15: config key ports: the group\'s network block defines no ports, so "db" cannot be published; give the group a network ' +
      "block with these ports",
  ],
  "old-port-map.nomad.hcl": [
    "10: block network in resources: not supported: ask for ports in the group's network block",
    "18: config key port_map: has no ports to map; give the group a network block with these ports, and name them in ports",
  ],
  // Podman would drop them, or fail after the pull.
  "docker-shared-namespaces.nomad.hcl": [
    '11: config key init: cannot be set with pid_mode = "host", where the task is not the first process; remove one of the two',
    '14: config key shm_size: cannot be set with ipc_mode = "host", whose /dev/shm the task has, if any; remove one of the two',
  ],
  "docker-log-driver.nomad.hcl": [`12: config key logging.type: "gelf" is no log driver of Podman; use one of ${logDrivers}`],
  "mistyped.nomad.hcl": [
    '11: config key comand is unknown; did you mean "command"?',
    '12: config key volums is unknown; did you mean "volumes"?',
  ],
  "wrong-values.nomad.hcl": [
    '11: config key shm_size: "64 megabytes" is not a size; write a number with a unit, e.g. 64m or 1.5g',
    "12: config key ulimit.nofiles: is no limit that Linux has; it has as, core, cpu, data, fsize, locks, memlock, msgqueue, " +
      "nice, nofile, nproc, rss, rtprio, rttime, sigpending, stack",
    '13: config key ipv4_address: "fd00::9" is not an IPv4 address; write an IPv4 address, such as 10.88.0.10',
  ],
};

/** The same of single parts. */
const refusedSnippets: Readonly<Record<string, readonly string[]>> = {
  // A path without quotes.
  "readme.config.hcl: init_path": ["13: Invalid expression: Expected the start of an expression, but found an invalid expression token"],
};

for (const folder of [documents, shapes]) {
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(".nomad.hcl"))) {
    test(`${name} is ${name in refusedFiles ? "refused in these words" : "right as it is"}`, async () => {
      assert.deepEqual(await verdictOf(join(folder, name)), refusedFiles[name] ?? []);
    });
  }
}

for (const name of (await readdir(documents)).filter((file) => file.endsWith(".config.hcl"))) {
  describe(`in ${name}`, async () => {
    for (const snippet of findSnippets(await readFile(join(documents, name), "utf8"))) {
      const title = `${name}: ${snippet.title}`;
      test(`${snippet.title} is ${title in refusedSnippets ? "refused in these words" : "right as it is"}`, async () => {
        assert.deepEqual(await verdictOfText(toJob(snippet)), refusedSnippets[title] ?? []);
      });
    }
  });
}

for (const folder of [documents, shapes]) {
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(".plugin.hcl"))) {
    describe(`in ${name}`, async () => {
      for (const snippet of findSnippets(await readFile(join(folder, name), "utf8"))) {
        test(`${snippet.title}: configures the driver as it is`, async () => assert.doesNotReject(configureWith(snippet.text)));
      }
    });
  }
}

test("a plugin block with a key that no driver has is refused by name", async () => {
  const block = 'plugin "nomad-driver-podman" {\n  config {\n    recover_stoped = true\n  }\n}\n';
  await assert.rejects(configureWith(block), /recover_stoped is unknown; did you mean "recover_stopped"/);
});

test("nothing is refused that is not there", async () => {
  const files = [...(await readdir(documents)), ...(await readdir(shapes))];
  assert.deepEqual(
    Object.keys(refusedFiles).filter((name) => !files.includes(name)),
    [],
  );
});

/** Each as `line: message`. */
async function verdictOf(jobPath: string): Promise<readonly string[]> {
  try {
    const { problems } = await validateFile({ jobPath, vars: {}, varFiles: [] });
    return problems.map(({ message, position }) => `${position?.line}: ${message}`);
  } catch (error) {
    if (!(error instanceof JobFileError)) throw error;
    return [`${error.position?.line}: ${error.message}`];
  }
}

async function verdictOfText(text: string): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "job.nomad.hcl");
  await writeFile(path, text);
  return await verdictOf(path);
}

/** Hands the built plugin this block as an agent does. Rejects when it is not taken. */
async function configureWith(text: string): Promise<void> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "agent.hcl");
  await writeFile(path, text);
  const body = await loadPluginConfig(path, "nomad-driver-podman", AbortSignal.timeout(60_000));
  assert.ok(body !== undefined);
  const pluginConfig = decodeMsgpack(encodeConfig(pluginSchema.spec, body)) as HclRecord;
  await using _rig = await DriverRig.start({ pluginConfig });
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "job-files-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
