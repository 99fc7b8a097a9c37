import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { DriverRig, RecordedEvents, until, type RiggedTask, type TaskWishes } from "@driver/testing";
import { withPodman } from "./with-podman.ts";

const run = promisify(execFile);
const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** Starts a prepared task with a script and gives what it prints. */
async function outputOf(
  rig: DriverRig,
  script: string,
  { config, ...wishes }: TaskWishes,
  arrange: (task: RiggedTask) => Promise<unknown> = () => Promise.resolve(),
): Promise<string> {
  const task = await rig.prepare({ ...wishes, config: { command: "sh", args: ["-c", script], ...config } });
  await arrange(task);
  await rig.startTask(task);
  return await rig.finish(task);
}

async function makeFolder(path: string, file = "from the host\n"): Promise<string> {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "file"), file);
  return path;
}

const taskFolder = ({ config }: RiggedTask): string => join(config.allocDir, config.name);

test("volumes bind paths of the host and of the task's folder, with the options they say", async () => {
  await using rig = await DriverRig.start();
  const host = await makeFolder(join(rig.root, "host"));
  await writeFile(join(host, "run"), "#!/bin/sh\necho ran\n");
  await chmod(join(host, "run"), 0o755);
  const script = [
    "cat /rel/file /abs/file",
    "echo written > /rel/new",
    "touch /abs/new 2>/dev/null || echo read-only",
    "/noexec/run 2>/dev/null || echo not run; /exec/run",
    "grep -E ' /(abs|noexec|exec) ' /proc/self/mountinfo | cut -d' ' -f5-6",
  ].join("; ");
  const volumes = ["local/rel:/rel", `${host}:/abs:ro`, `${host}:/noexec:noexec,nosuid,nodev`, `${host}:/exec:exec`];
  let folder = "";
  const output = await outputOf(rig, script, { config: { volumes } }, async (task) => {
    folder = await makeFolder(join(taskFolder(task), "local/rel"), "from the task\n");
    await chmod(folder, 0o777);
  });
  const lines = output.split("\n");
  assert.deepEqual(lines.slice(0, 5), ["from the task", "from the host", "read-only", "not run", "ran"]);
  assert.equal(await readFile(join(folder, "new"), "utf8"), "written\n");
  const optionsOf = (place: string): string => lines.find((line) => line.startsWith(`${place} `)) ?? "";
  assert.match(optionsOf("/abs"), /^\/abs ro\b/);
  assert.match(optionsOf("/noexec"), /^\/noexec rw,\S*nosuid,nodev,noexec/);
  assert.doesNotMatch(optionsOf("/exec"), /noexec/);
});

test("mounts of the host's come through as far as the propagation says", async () => {
  await using rig = await DriverRig.start();
  const host = join(rig.root, "shared");
  await mkdir(host);
  await run("mount", ["-t", "tmpfs", "none", host]);
  try {
    await run("mount", ["--make-shared", host]);
    const volumes = [`${host}:/plain`, `${host}:/slave:ro,rslave`, `${host}:/shared:rshared`];
    const mount = [{ type: "bind", source: host, target: "/block", bind_options: { propagation: "rslave" } }];
    const script = "grep -E ' /(plain|slave|shared|block) ' /proc/self/mountinfo | cut -d' ' -f5-7";
    const output = await outputOf(rig, script, { config: { volumes, mount } });
    const propagationOf = (place: string): string => output.split("\n").find((line) => line.startsWith(`${place} `))?.split(" ")[2] ?? "";
    assert.equal(propagationOf("/plain"), "-");
    for (const place of ["/slave", "/block"]) assert.match(propagationOf(place), /^master:\d+$/);
    assert.match(propagationOf("/shared"), /^shared:\d+$/);
  } finally {
    await run("umount", ["--lazy", host]);
  }
});

test("U gives a folder to the task's user, O keeps what the task writes away from it", async () => {
  await using rig = await DriverRig.start();
  const [owned, covered] = [await makeFolder(join(rig.root, "owned")), await makeFolder(join(rig.root, "covered"))];
  const config = { volumes: [`${owned}:/owned:U`, `${covered}:/covered:O`] };
  const output = await outputOf(rig, "echo x > /owned/mine; cat /covered/file", { config, user: "1000:1000" });
  assert.equal(output, "from the host\n");
  assert.equal((await stat(join(owned, "mine"))).uid, 1000);
  assert.equal((await stat(owned)).uid, 1000);
  assert.equal(await outputOf(rig, "rm /covered/file; echo x > /covered/new; ls /covered", { config }), "new\n");
  assert.equal(await readFile(join(covered, "file"), "utf8"), "from the host\n");
  await assert.rejects(stat(join(covered, "new")), { code: "ENOENT" });
});

test("idmap gives a folder's owner the task's ids, or the task's owner is told that the runtime does not", async () => {
  await using rig = await DriverRig.start();
  const folder = await makeFolder(join(rig.root, "mapped"));
  await using events = new RecordedEvents(rig.driver);
  const config = { userns: "private", uidmap: ["0:700000:65536"], volumes: [`${folder}:/mapped:idmap`] };
  const owner = (await outputOf(rig, "stat -c %u /mapped", { config })).trim();
  const runtime = await withPodman(async (podman) => (await podman.info(AbortSignal.timeout(60_000))).ociRuntime.name);
  if (runtime !== "runc") return assert.deepEqual([owner, events.messages], ["0", []]);
  assert.equal(owner, "65534");
  const told = "volumes[0]: the task asks for a mount with mapped owners (idmap), and Podman has made a container of runc";
  await until(() => events.messages.some((text) => text.includes(told)));
});

test("an overlay with folders of its own keeps the changes there", async () => {
  await using rig = await DriverRig.start();
  const lower = await makeFolder(join(rig.root, "lower"));
  // overlayfs takes no upper folder on another overlay, which the scratch folder may be on.
  const memory = `/dev/shm/overlay-${process.pid}`;
  const [upper, work] = [join(memory, "upper"), join(memory, "work")];
  try {
    await Promise.all([mkdir(upper, { recursive: true }), mkdir(work, { recursive: true })]);
    await outputOf(rig, "echo kept > /o/new", { config: { volumes: [`${lower}:/o:O,upperdir=${upper},workdir=${work}`] } });
    assert.equal(await readFile(join(upper, "new"), "utf8"), "kept\n");
  } finally {
    await rm(memory, { recursive: true, force: true });
  }
});

test("a destination alone is an anonymous volume, which goes with the container", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("echo x > /cache/x; grep ' /cache ' /proc/self/mountinfo", { config: { volumes: ["/cache"] } });
  const output = await rig.finish(task);
  const [, name = "none"] = /\/volumes\/([0-9a-f]{64})\/_data \/cache /.exec(output) ?? [];
  const isThere = (): Promise<boolean> => withPodman(async (podman) => (await podman.volumes.inspect(name, soon())) !== undefined);
  assert.equal(await isThere(), true, output);
  await rig.driver.destroyTask(task.config.id, { force: false }, soon());
  assert.equal(await isThere(), false);
});

test("a source that is not there is named, with what a relative one means", async () => {
  await using rig = await DriverRig.start();
  const relative = {
    code: "config-invalid",
    message:
      /config key volumes\[0\]: "data:\/x" needs \S+\/task\/data, which does not .*; a relative source is a path in the task's folder/,
  };
  await assert.rejects(rig.runScript("true", { config: { volumes: ["data:/x"] } }), relative);
  const missing = join(rig.root, "missing");
  await assert.rejects(rig.runScript("true", { config: { volumes: [`${missing}:/x`] } }), {
    message: new RegExp(`${missing}: no such file or directory`),
  });
});

describe("an operator's volumes", () => {
  const expectRefused = async (
    rig: DriverRig,
    volume: string,
    message: RegExp,
    arrange: (task: RiggedTask) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<void> => {
    await assert.rejects(outputOf(rig, "true", { config: { volumes: [volume] } }, arrange), { code: "unsupported", message });
  };

  test("enabled = false leave a task its allocation's folder, however a path leads out of it", async () => {
    await using rig = await DriverRig.start({ pluginConfig: { volumes: { enabled: false } } });
    const host = await makeFolder(join(rig.root, "host"));
    assert.equal(
      await outputOf(rig, "cat /x/file", { config: { volumes: ["local/in:/x:ro"] } }, (task) =>
        makeFolder(join(taskFolder(task), "local/in")),
      ),
      "from the host\n",
    );
    const inside = async (task: RiggedTask): Promise<void> => {
      await makeFolder(join(taskFolder(task), "local/..in"));
      await symlink("..in", join(taskFolder(task), "local/link"));
    };
    assert.equal(await outputOf(rig, "cat /x/file", { config: { volumes: ["local/link:/x:ro"] } }, inside), "from the host\n");
    await expectRefused(
      rig,
      `${host}:/x`,
      /asks for \S+\/host, outside the allocation's folder, and this client's plugin config has volumes\.enabled = false/,
    );
    await expectRefused(rig, "../../host:/x", /outside the allocation's folder/);
    const named = await rig.prepare({ config: { mount: [{ source: "named", target: "/x" }] } });
    await assert.rejects(rig.startTask(named), { message: /asks for the volume named, .* volumes\.enabled = false/ });
    await expectRefused(rig, "local/out:/x", /asks for \S+\/host, outside/, (task) => symlink(host, join(taskFolder(task), "local/out")));
    await expectRefused(rig, "local/out/file:/x", /asks for \S+\/host\/file, outside/, (task) =>
      symlink(host, join(taskFolder(task), "local/out")),
    );
  });

  test("allowed_paths are judged by what they lead to as well", async () => {
    const pluginConfig = (rig: DriverRig): object => ({ volumes: { enabled: true, allowed_paths: [join(rig.root, "allowed")] } });
    await using outer = await DriverRig.start();
    const allowed = await makeFolder(join(outer.root, "real"));
    await symlink("real", join(outer.root, "allowed"));
    const secret = await makeFolder(join(outer.root, "secret"));
    await symlink(secret, join(allowed, "leak"));
    await using rig = await DriverRig.start({ pluginConfig: pluginConfig(outer) as Readonly<Record<string, never>> });
    assert.equal(await outputOf(rig, "cat /x/file", { config: { volumes: [`${outer.root}/allowed:/x:ro`] } }), "from the host\n");
    await expectRefused(rig, `${secret}:/x`, /asks for \S+\/secret, .* allows \S+\/allowed alone/);
    await expectRefused(rig, `${outer.root}/allowed/leak:/x`, /asks for \S+\/secret, outside/);
  });
});

test("what tasks may mount must make sense", async () => {
  const refused = (volumes: object, message: RegExp): Promise<void> =>
    assert.rejects(DriverRig.start({ pluginConfig: { volumes: volumes as never } }), { message });
  await refused({ enabled: true, allowed_paths: ["srv"] }, /volumes\.allowed_paths\[0\]: "srv" is no absolute path/);
  await refused({ enabled: false, allowed_paths: ["/srv"] }, /exclude each other/);
  await refused(
    { enabled: true, selinuxlabel: "y" },
    /volumes\.selinuxlabel: "y" is no SELinux mount option; z \(shared\) or Z \(private\)/,
  );
});
