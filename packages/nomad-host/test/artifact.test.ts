import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { access, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { test } from "node:test";

import type { TaskArtifact } from "../src/job/job.ts";
import { fetchArtifact } from "../src/run/artifacts/fetch-artifact.ts";
import { planArtifacts } from "../src/run/artifacts/plan-artifact.ts";
import { emptyFolder } from "./empty-folder.ts";
import { createJobFolder } from "./job/job-text.ts";
import type { JobFolder } from "./job/job-text.ts";
import { lives, recordRun } from "./record-run.ts";
import { sampleGroup, sampleJob, sampleTask } from "./sample-job.ts";
import { throwProblem } from "./throw-problem.ts";

const position = { line: 9, column: 3 };
const plain: TaskArtifact = {
  ...{ source: "", options: {}, headers: {}, mode: "any", isInsecure: false },
  ...{ destination: "local/", isOwnedByUser: false, position },
};

interface Files extends AsyncDisposable {
  /** Of the server, without a slash at its end. */
  readonly url: string;
  readonly asked: readonly IncomingMessage[];
}

/** A server of a folder's files; `/away/x` leads to `/x`, and `/missing` is not there. */
async function serve(folder: string): Promise<Files> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    const { pathname } = new URL(request.url ?? "", "http://x");
    if (pathname.startsWith("/away/")) {
      response.writeHead(302, { location: pathname.slice("/away".length) }).end();
      return;
    }
    readFile(join(folder, pathname)).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** A folder with what is fetched in the tests, the same in all forms. */
async function createSources(): Promise<JobFolder> {
  const folder = await createJobFolder();
  const tree = join(folder.path, "tree");
  await mkdir(join(tree, "inner"), { recursive: true });
  await writeFile(join(tree, "run.sh"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
  await writeFile(join(tree, "inner", "text"), "inside\n");
  for (const [name, ...args] of [
    ["x.tar", "-cf"],
    ["x.tar.gz", "-czf"],
    ["x.tgz", "-czf"],
  ] as const)
    execFileSync("tar", ["-C", tree, ...args, join(folder.path, name), "."]);
  execFileSync("python3", ["-c", zipScript, join(folder.path, "x.zip"), tree]);
  await writeFile(join(folder.path, "one.txt"), "one\n");
  execFileSync("tar", ["-C", folder.path, "-czf", join(folder.path, "one.tgz"), "one.txt"]);
  return folder;
}

const zipScript = `import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
    for base, _, names in os.walk(sys.argv[2]):
        for name in names:
            path = os.path.join(base, name)
            z.write(path, os.path.relpath(path, sys.argv[2]))
`;

/** Fetches one artifact into an allocation of its own and tells what is in the task's `local` then. */
async function fetchOne(changes: Partial<TaskArtifact>): Promise<Readonly<Record<string, string>>> {
  await using alloc = await emptyFolder();
  const local = join(alloc.path, "web", "local");
  await mkdir(local, { recursive: true });
  try {
    const [planned] = planArtifacts(sampleTask("web", "", { artifacts: [{ ...plain, ...changes }] }), {
      scope: new Map(),
      report: throwProblem,
    });
    assert.ok(planned !== undefined);
    await fetchArtifact(planned, alloc.path, new AbortController().signal);
    assert.deepEqual(await readdir(alloc.path), ["web"], "left beside the task's folder");
    return Object.fromEntries(await describeTree(local));
  } finally {
    await rm(join(alloc.path, "web"), { recursive: true });
  }
}

async function describeTree(folder: string): Promise<readonly (readonly [string, string])[]> {
  const names = (await readdir(folder, { recursive: true })).toSorted();
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const { mode } = await stat(path);
      return (await stat(path)).isDirectory() ? [] : [[name, `${(mode & 0o777).toString(8)} ${await readFile(path, "utf8")}`] as const];
    }),
  );
  return found.flat();
}

const tree = { "inner/text": "644 inside\n", "run.sh": "755 #!/bin/sh\necho ran\n" };
const one = { "one.txt": "644 one\n" };

const fetched: readonly (readonly [path: string, changes: Partial<TaskArtifact>, wanted: object])[] = [
  ["one.txt", {}, one],
  ["one.txt?filename=two", {}, { two: "644 one\n" }],
  ["one.txt", { destination: "local/a/b" }, { "a/b/one.txt": "644 one\n" }],
  ["one.txt", { destination: "local/a/b", mode: "file" }, { "a/b": "644 one\n" }],
  ["x.tar", {}, tree],
  ["x.tar.gz", {}, tree],
  [
    "x.tgz",
    { destination: "local/new", mode: "dir" },
    Object.fromEntries(Object.entries(tree).map(([name, text]) => [`new/${name}`, text])),
  ],
  ["x.zip", {}, tree],
  ["x.zip//inner", { destination: "local/sub" }, { "sub/text": "644 inside\n" }],
  ["x.tgz//in*", { destination: "local/sub" }, { "sub/text": "644 inside\n" }],
  ["one.tgz", { destination: "local/o", mode: "file" }, { o: "644 one\n" }],
];

for (const [path, changes, wanted] of fetched) {
  test(`${path} ${JSON.stringify(changes)} is fetched from this machine and over http alike`, async () => {
    await using sources = await createSources();
    await using files = await serve(sources.path);
    assert.deepEqual(await fetchOne({ ...changes, source: `${sources.path}/${path}` }), wanted);
    assert.deepEqual(await fetchOne({ ...changes, source: `${files.url}/${path}` }), wanted);
    assert.deepEqual(await fetchOne({ ...changes, source: `${files.url}/away/${path}` }), wanted);
  });
}

test("a folder of this machine is copied, and a part of it", async () => {
  await using sources = await createSources();
  assert.deepEqual(await fetchOne({ source: `${sources.path}/tree` }), tree);
  assert.deepEqual(await fetchOne({ source: `${sources.path}/tree//inner`, destination: "local/s" }), { "s/text": "644 inside\n" });
});

test("a checksum is held against what was fetched, of every kind", async () => {
  await using sources = await createSources();
  for (const algorithm of ["md5", "sha1", "sha256", "sha512"]) {
    const right = createHash(algorithm).update("one\n").digest("hex");
    const source = join(sources.path, "one.txt");
    assert.deepEqual(await fetchOne({ source, options: { checksum: `${algorithm}:${right}` } }), one);
    const wrong = right.replace(/^./, right.startsWith("0") ? "1" : "0");
    const message = new RegExp(`^artifact .*one.txt: the checksum ${algorithm}:${wrong} was expected, and it has ${right}$`);
    await assert.rejects(fetchOne({ source, options: { checksum: `${algorithm}:${wrong}` } }), { code: "artifact-failed", message });
  }
});

test("headers are sent", async () => {
  await using sources = await createSources();
  await using files = await serve(sources.path);
  await fetchOne({ source: `${files.url}/one.txt?id=4`, headers: { "X-Mine": "yes" } });
  assert.deepEqual(
    files.asked.map(({ url, headers }) => [url, headers["x-mine"]]),
    [["/one.txt?id=4", "yes"]],
  );
});

const failing: readonly (readonly [source: string, changes: Partial<TaskArtifact>, message: RegExp])[] = [
  ["URL/missing", {}, /^artifact http:\/\/127.0.0.1:\d+\/missing: the server answered 404 Not Found$/],
  ["http://127.0.0.1:1/x", {}, /^artifact http:\/\/127.0.0.1:1\/x: .*ECONNREFUSED/],
  ["PATH/none", {}, /^artifact .*\/none: .*no such file/],
  ["PATH/tree", { mode: "file" }, /^artifact .*\/tree: is a folder, and mode is file$/],
  ["PATH/one.txt", { mode: "dir" }, /^artifact .*: is a file, and mode is dir$/],
  ["PATH/x.tgz", { mode: "file", destination: "local/x" }, /^artifact .*: the archive must hold a single file, as mode is file$/],
  ["PATH/one.txt?archive=tar", {}, /^artifact .*one.txt: /],
  ["PATH/one.txt?archive=zip", {}, /^artifact .*one.txt: /],
  ["PATH/x.zip//none", {}, /^artifact .*: "none" is not in it$/],
];

for (const [source, changes, message] of failing) {
  test(`${source} ${JSON.stringify(changes)} fails and says why`, async () => {
    await using sources = await createSources();
    await using files = await serve(sources.path);
    const given = source.replace("URL", files.url).replace("PATH", sources.path);
    await assert.rejects(fetchOne({ ...changes, source: given }), { code: "artifact-failed", message });
  });
}

test("a link that leads out of a folder, or a task's out of its allocation, is not followed", async () => {
  await using sources = await createSources();
  await symlink("/etc", join(sources.path, "tree", "inner", "out"));
  await assert.rejects(fetchOne({ source: `${sources.path}/tree` }), { message: /"inner\/out" is a link that leads out of it$/ });
  await using alloc = await createJobFolder();
  await mkdir(join(alloc.path, "alloc", "web"), { recursive: true });
  await symlink(sources.path, join(alloc.path, "alloc", "web", "local"));
  const task = sampleTask("web", "", { artifacts: [{ ...plain, source: join(sources.path, "one.txt"), destination: "local/new/one" }] });
  const [planned] = planArtifacts(task, { scope: new Map(), report: throwProblem });
  assert.ok(planned !== undefined);
  const fetching = fetchArtifact(planned, join(alloc.path, "alloc"), new AbortController().signal);
  await assert.rejects(fetching, { message: /local\/new\/one leads out of the allocation's folder$/ });
  await assert.rejects(access(join(sources.path, "new")), { code: "ENOENT" });
});

test("a task finds its artifact, once fetched for all its starts", async () => {
  await using folder = await emptyFolder();
  await using sources = await createSources();
  await using files = await serve(sources.path);
  const restart = { attempts: 1, intervalMs: 60_000, delayMs: 0, mode: "fail" } as const;
  const artifacts = [{ ...plain, source: `${files.url}/x.tgz` }];
  const task = sampleTask("only", "local/run.sh; [ -e local/again ] || { touch local/again; exit 1; }", { artifacts, restart });
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path });
  assert.deepEqual([run.result.exitCode, run.log("only", "stdout").toString()], [0, "ran\nran\n"]);
  assert.equal(files.asked.length, 1);
});

test("a task whose artifact cannot be fetched is tried again as its restart block says", async () => {
  await using folder = await emptyFolder();
  const restart = { attempts: 1, intervalMs: 60_000, delayMs: 0, mode: "fail" } as const;
  const task = sampleTask("only", "true", { artifacts: [{ ...plain, source: "/nowhere/x" }], restart });
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path });
  assert.equal(run.result.exitCode, 1);
  const failed = ["only:event", "only:failed"];
  assert.deepEqual(lives(run), [...failed, "only:restarting", ...failed, "only:not-restarting"]);
});
