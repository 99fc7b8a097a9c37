import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { ByteRun, K8sFileLines, LibpodError, type ContainerSpec, type LoggedLine } from "../src/index.ts";
import { openEngineUnderTest } from "./engine-under-test.ts";

const clockTickNs = 10_000_000;
const limit = { timeout: 240_000 };
const sleeper: ContainerSpec = { command: ["sleep", "1000"] };

describe("a container's log", limit, () => {
  const script = "echo out; echo err >&2; echo; printf part; sleep 1; echo ' end'; head -c 40000 /dev/zero | tr '\\0' x; printf last";
  const wanted = { stdout: `out\n\npart end\n${"x".repeat(40_000)}last`, stderr: "err\n" };
  const collect = async (
    log: AsyncIterable<readonly LoggedLine[]>,
  ): Promise<{ stdout: string; stderr: string; seconds: (number | undefined)[] }> => {
    const found = { stdout: "", stderr: "", seconds: [] as (number | undefined)[] };
    for await (const lines of log) {
      for (const { stream, bytes, atSeconds } of lines) {
        found[stream] += Buffer.from(bytes).toString();
        found.seconds.push(atSeconds);
      }
    }
    return found;
  };

  test("is followed to the container's end, and can be read again from a second on", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const { containers } = engine.client;
    const beganSeconds = Math.floor(Date.now() / 1000);
    const id = await engine.run({ command: ["sh", "-c", script], log_configuration: { driver: "k8s-file" } });
    const { seconds, ...followed } = await collect(containers.logs(id, { follow: true }, signal));
    assert.deepEqual(followed, wanted);
    assert.ok(seconds.every((atSeconds = 0) => atSeconds >= beganSeconds && atSeconds <= Date.now() / 1000));
    const { seconds: _, ...again } = await collect(containers.logs(id, { follow: false, sinceSeconds: beganSeconds }, signal));
    assert.deepEqual(again, wanted);
    const late = await collect(containers.logs(id, { follow: false, sinceSeconds: seconds.at(-1) }, signal));
    assert.ok(late.stdout.endsWith("last") && late.stderr === "" && !late.stdout.startsWith("out"));
  });

  test("ends with the caller, who waits for a line that does not come", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const id = await engine.run({ ...sleeper, log_configuration: { driver: "k8s-file" } });
    const leaving = AbortSignal.timeout(300);
    await assert.rejects(collect(engine.client.containers.logs(id, { follow: true }, leaving)), { name: "TimeoutError" });
  });

  test("is an error where there is none, and of a container that does not exist", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const id = await engine.run({ ...sleeper, log_configuration: { driver: "none" } });
    await assert.rejects(collect(engine.client.containers.logs(id, { follow: true }, signal)), {
      code: "engine-error",
      podmanCause: "this container is not logging output",
    });
    await assert.rejects(collect(engine.client.containers.logs(randomUUID(), { follow: true }, signal)), { code: "not-found" });
  });
});

describe("containers", limit, () => {
  test("live from create to remove as the client tells it", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const { containers } = engine.client;
    const name = `libpod-${randomUUID()}`;
    const id = await engine.create({ ...sleeper, name, labels: { "libpod-test": name } });
    assert.equal((await containers.inspect(name, signal))?.state.status, "created");
    assert.equal(await containers.start(id, signal), "started");
    assert.equal(await containers.start(id, signal), "already-running");

    const running = await containers.inspect(id, signal);
    assert.deepEqual([running?.id, running?.state.running], [id, true]);
    const listed = await containers.list({ labels: [`libpod-test=${name}`] }, signal);
    assert.deepEqual(listed.map((entry) => [entry.id, entry.status]), [[id, "running"]]);
    assert.deepEqual(await containers.list({ labels: ["libpod-test=another"] }, signal), []);

    const waiting = containers.wait(id, { intervalMs: 50 }, signal);
    await containers.kill(id, "SIGKILL", signal);
    assert.equal(await waiting, 137);
    assert.equal((await containers.inspect(id, signal))?.state.exitCode, 137);
    assert.equal(await containers.stop(id, { timeoutSeconds: 1 }, signal), "already-stopped");

    assert.equal(await containers.remove(id, { force: true, volumes: true }, signal), true);
    assert.equal(await containers.remove(id, { force: true, volumes: true }, signal), false);
    assert.equal(await containers.inspect(id, signal), undefined);
  });

  test("that ignore the stop signal are killed after the timeout; others give their own code", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const { containers } = engine.client;
    const ready = "echo ready; while :; do sleep 0.1; done";
    for (const [command, timeoutSeconds, code] of [
      [`trap '' TERM; ${ready}`, 1, 137],
      [`trap 'exit 9' TERM; ${ready}`, 20, 9],
    ] as const) {
      const id = await engine.run({ command: ["sh", "-c", command] });
      await untilLogged(await logPathOf(engine.client, id, signal), "ready", signal);
      assert.equal(await containers.stop(id, { timeoutSeconds }, signal), "stopped");
      assert.equal((await containers.inspect(id, signal))?.state.exitCode, code);
    }
  });

  test("keep limits of 64 bits exactly", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const unlimited = 18446744073709551615n;
    // Podman adds its own of these two where they are missing, which this host need not allow.
    const others = ["nofile", "nproc"].map((type) => ({ type, soft: 1024, hard: 1024 }));
    const id = await engine.run({
      command: ["sh", "-c", "ulimit -c"],
      r_limits: [{ type: "core", soft: unlimited, hard: unlimited }, ...others],
      log_configuration: { driver: "k8s-file" },
    });
    await untilLogged(await logPathOf(engine.client, id, signal), "stdout F unlimited", signal);
  });

  test("that cannot be made or started say why in Podman's words", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const { containers } = engine.client;
    const noProgram = await engine.create({ command: ["/bin/no-such-program"] });
    await assert.rejects(
      containers.start(noProgram, signal),
      (error) => error instanceof LibpodError && error.status === 500 && /no-such-program.*no such file/i.test(error.message),
    );
    const noImage = containers.create({ image: "localhost/no-such-image:1", command: ["true"] }, signal);
    await assert.rejects(noImage, { podmanCause: "image not known" });
    await assert.rejects(containers.kill(noProgram, "SIGFOO", signal), /send SIGFOO to container .*invalid signal: SIGFOO/);
    await assert.rejects(containers.start("no-such-container", signal), { code: "not-found", podmanCause: "no such container" });
  });

  test("are counted together, each time anew, until the caller leaves", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const spin = "while :; do :; done";
    const first = await engine.run({ command: ["sh", "-c", spin] });
    const seen: { readonly id: string; readonly cpuNs: number }[] = [];
    let second = "";
    for await (const report of engine.client.containers.stats({ intervalSeconds: 1 }, signal)) {
      for (const { containerId, cpuNs, cpuSystemNs, memoryBytes } of report.filter((one) => [first, second].includes(one.containerId))) {
        // cgroup v1 counts this part in ticks of the clock, and the whole in nanoseconds.
        assert.ok(cpuSystemNs <= cpuNs + clockTickNs && memoryBytes > 0 && memoryBytes < 1_000_000_000);
        seen.push({ id: containerId, cpuNs });
      }
      if (second === "") second = await engine.run(sleeper);
      if (seen.some(({ id }) => id === second)) break;
    }
    const spent = seen.filter(({ id }) => id === first).map(({ cpuNs }) => cpuNs);
    assert.ok(spent.length >= 2 && spent.every((cpuNs, index) => index === 0 || cpuNs > (spent[index - 1] ?? 0)), spent.join(", "));
  });

  test("wait and events end when their callers give up", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const id = await engine.run(sleeper);
    const reason = new Error("enough");
    const caller = new AbortController();
    const waiting = assert.rejects(engine.client.containers.wait(id, {}, caller.signal), reason);
    const since = new Date(Date.now() - 60_000);
    const events = engine.client.events.follow({ since, types: ["container"], actions: ["start"] }, caller.signal);
    const seen: string[] = [];
    await assert.rejects(async () => {
      for await (const event of events) {
        seen.push(event.id);
        if (event.id === id) caller.abort(reason);
      }
    }, reason);
    await waiting;
    assert.equal(seen.filter((one) => one === id).length, 1);
  });
});

describe("the k8s-file log", limit, () => {
  test("decodes to the bytes that the task wrote", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const script = String.raw`printf 'one\n\nb\000\r\377\376x\n'; printf 'err\n' >&2; head -c 20000 /dev/zero; printf '\nno end'`;
    const id = await engine.run({ command: ["sh", "-c", script], log_configuration: { driver: "k8s-file", size: 2 ** 50 } });
    assert.equal(await engine.client.containers.wait(id, { intervalMs: 50 }, signal), 0);
    const decoder = new K8sFileLines();
    const output = { stdout: new ByteRun(), stderr: new ByteRun() };
    decoder.push(await readFile(await logPathOf(engine.client, id, signal)), output);
    const expected = Buffer.concat([
      Buffer.from("one\n\nb\0\r"),
      Buffer.from([255, 254]),
      Buffer.from("x\n"),
      Buffer.alloc(20_000),
      Buffer.from("\nno end"),
    ]);
    assert.deepEqual(output.stdout.bytes, expected);
    assert.deepEqual(output.stderr.bytes, Buffer.from("err\n"));
  });
});

describe("images and the engine", limit, () => {
  test("an image is inspected, found, listed, and pulled only when missing", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const { images } = engine.client;
    const image = await images.inspect(engine.image, signal);
    assert.ok(image !== undefined && image.repoTags.includes(engine.image));
    assert.deepEqual([await images.exists(engine.image, signal), await images.exists("localhost/no-such-image:1", signal)], [true, false]);
    assert.equal(await images.inspect("localhost/no-such-image:1", signal), undefined);
    assert.ok((await images.list(signal)).some((entry) => entry.id === image.id && entry.names.includes(engine.image)));
    const updates = await Array.fromAsync(images.pull({ reference: engine.image, policy: "missing" }, signal));
    assert.deepEqual(updates.at(-1), { kind: "done", id: image.id });
  });

  test("a registry that is not there is the pull's error", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const pull = Array.fromAsync(engine.client.images.pull({ reference: "127.0.0.1:1/x:1" }, signal));
    await assert.rejects(pull, { code: "engine-error", message: /^pull image 127\.0\.0\.1:1\/x:1: podman answered: .*connection refused/ });
  });

  test("a used image is not removed, and what is not is said of each", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    await engine.create(sleeper);
    const image = await engine.client.images.inspect(engine.image, signal);
    const errors = await engine.client.images.remove([image?.id ?? "", "localhost/no-such-image:1"], signal);
    assert.equal(errors.length, 2);
    assert.match(errors.join("\n"), /image is in use by a container/);
    assert.match(errors.join("\n"), /image not known/);
    assert.equal(await engine.client.images.exists(engine.image, signal), true);
  });

  test("ping and info agree on the version", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const { version } = await engine.client.ping(signal);
    assert.equal((await engine.client.info(signal)).version, version);
  });
});

async function logPathOf(client: ReturnType<typeof openEngineUnderTest>["client"], id: string, signal: AbortSignal): Promise<string> {
  const inspected = await client.containers.inspect(id, signal);
  assert.ok(inspected !== undefined);
  return inspected.host.logPath;
}

/** Settles when the container has written `text`: it must not get a signal before its trap is set. */
async function untilLogged(path: string, text: string, signal: AbortSignal): Promise<void> {
  while (!(await readFile(path, { encoding: "utf8", signal })).includes(text)) await setTimeout(20, undefined, { signal });
}
