import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { createFifos, TaskFifo } from "./task-fifo.ts";

interface TestFifo extends AsyncDisposable {
  readonly path: string;
  readonly fifo: TaskFifo;
}

async function openTestFifo(): Promise<TestFifo> {
  const folder = await mkdtemp(join(tmpdir(), "fifo-test-"));
  const path = join(folder, ".task.stdout.fifo");
  await createFifos([path]);
  return { path, fifo: await TaskFifo.open(path), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** A process that writes to the FIFO, as a driver or conmon would. */
function writer(path: string, script: string): ChildProcess {
  return spawn("sh", ["-c", `exec > "$1"; ${script}`, "writer", path], { stdio: "ignore" });
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks));
}

test("only this user may open the FIFO", async () => {
  await using open = await openTestFifo();
  const { mode } = await stat(open.path);
  assert.equal(mode & 0o777, 0o600);
  const all = collect(open.fifo.follow());
  await open.fifo.drain(1_000);
  assert.equal((await all).length, 0);
});

test("one writer after another is read to the last byte", async () => {
  await using open = await openTestFifo();
  const all = collect(open.fifo.follow());
  await once(writer(open.path, "printf one"), "close");
  await once(writer(open.path, "printf two"), "close");
  await open.fifo.drain(1_000);
  assert.equal((await all).toString(), "onetwo");
});

test("what lies in the FIFO when it is drained is read, however slow the reader", async () => {
  await using open = await openTestFifo();
  const writing = once(writer(open.path, "head -c 300000 /dev/zero"), "close");
  let size = 0;
  const read = async (): Promise<void> => {
    for await (const chunk of open.fifo.follow()) {
      size += chunk.length;
      await setImmediate();
    }
  };
  const reading = read();
  await writing;
  await open.fifo.drain(1);
  await reading;
  assert.equal(size, 300_000);
});

test("a writer that stays and is silent is given up after the grace time", async () => {
  await using open = await openTestFifo();
  const silent = writer(open.path, "printf last; exec sleep 60");
  const chunks = open.fifo.follow();
  const first = await chunks.next();
  await open.fifo.drain(50);
  const rest = await collect(chunks);
  silent.kill("SIGKILL");
  assert.equal(Buffer.from(first.value ?? []).toString() + rest.toString(), "last");
});

test("a reader that leaves early closes the FIFO for writers", async () => {
  await using open = await openTestFifo();
  const closed = once(writer(open.path, "exec yes"), "close");
  for await (const chunk of open.fifo.follow()) {
    assert(chunk.length > 0);
    break;
  }
  const [, signal]: unknown[] = await closed;
  assert.equal(signal, "SIGPIPE");
});

test("a symlink in the FIFO's place is not followed", async () => {
  await using open = await openTestFifo();
  const planted = `${open.path}.link`;
  await symlink(open.path, planted);
  await assert.rejects(TaskFifo.open(planted), { code: "ELOOP" });
  const all = collect(open.fifo.follow());
  await open.fifo.drain(1_000);
  await all;
});

/** The number of the process group, as /proc has it. */
async function groupOf(statText: Promise<string>): Promise<string | undefined> {
  return (await statText).replace(/^.*\) /, "").split(" ")[2];
}

test("Ctrl-C in the terminal does not reach the making of a FIFO", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fifo-test-"));
  const searchPath = process.env["PATH"];
  try {
    await writeFile(join(folder, "mkfifo"), `#!/bin/sh\ncat /proc/$$/stat > ${folder}/stat\n`, { mode: 0o755 });
    process.env["PATH"] = `${folder}:${searchPath}`;
    await createFifos([join(folder, "fifo")]);
    assert.notEqual(await groupOf(readFile(`${folder}/stat`, "utf8")), await groupOf(readFile("/proc/self/stat", "utf8")));
  } finally {
    process.env["PATH"] = searchPath;
    await rm(folder, { recursive: true });
  }
});

test("a FIFO that cannot be made is named, with what mkfifo says", async () => {
  await assert.rejects(createFifos(["/nowhere/a.fifo"]), {
    code: "host-failed",
    message: /\/nowhere\/a\.fifo: mkfifo ended with code 1: .*No such file/,
  });
});
