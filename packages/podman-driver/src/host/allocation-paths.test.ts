import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { AllocationPaths, type Passage } from "./allocation-paths.ts";
import type { EngineOwner } from "./engine-owner.ts";

const self = process.getuid?.() ?? 0;
const user: EngineOwner = { uid: self + 1000, ruledIds: [] };

interface Wishes {
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
  readonly owner?: EngineOwner;
}

interface Bench {
  readonly root: string;
  readonly allocDir: string;
  /** The arguments of each run of setfacl. */
  runs(): readonly string[];
  open(wishes?: Wishes): Promise<readonly Passage[]>;
}

/** An ACL as its mode shows it. */
const opens = 'chmod g+x "$5"';
const plainAcl = "user::rwx\ngroup::---\nother::---";

/** A way of three folders, with programs that do as the scripts say; undefined: PATH has none. */
function makeBench(context: TestContext, setfacl: string | undefined = opens, acl = plainAcl): Bench {
  // TMPDIR may itself be closed to others, as in a test world.
  const root = mkdtempSync("/dev/shm/passage-");
  chmodSync(root, 0o755);
  const [programs, log, allocDir] = [join(root, "bin"), join(root, "log"), join(root, "data/alloc/id")];
  for (const folder of [programs, join(allocDir, "task")]) mkdirSync(folder, { recursive: true });
  const write = (name: string, script: string): void => writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  write("getfacl", `echo "getfacl $3" >>${log}\ncat <<'EOF'\n${acl}\nEOF`);
  if (setfacl !== undefined) write("setfacl", `printf '%s\\n' "$*" >>${log}\n${setfacl}`);
  const path = process.env["PATH"];
  process.env["PATH"] = setfacl === undefined ? programs : `${programs}:${path}`;
  context.after(() => {
    process.env["PATH"] = path;
    rmSync(root, { recursive: true });
  });
  const paths = new AllocationPaths();
  return {
    root,
    allocDir,
    runs: () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []),
    open: async ({ owner = user, signal = AbortSignal.timeout(20_000), deadlineMs = 10_000 } = {}) => {
      const told: Passage[] = [];
      await paths.open(allocDir, owner, { signal, deadlineMs, tell: (passage) => told.push(passage) });
      return told;
    },
  };
}

const toFolders = (passages: readonly Passage[]): readonly string[] => passages.map(({ folder }) => folder.path);
/** Of the programs that were run those that change something. */
const toChanges = (runs: readonly string[]): readonly string[] => runs.filter((line) => !line.startsWith("getfacl "));
const toProblems = (passages: readonly Passage[]): readonly (string | undefined)[] => passages.map(({ problem }) => problem);

describe("on the way to an allocation", () => {
  test("each folder that is closed is opened, from the top down to the allocation's own, and none below", async (context) => {
    const { root, allocDir, open, runs } = makeBench(context);
    for (const folder of [join(allocDir, "task"), allocDir, join(root, "data")]) chmodSync(folder, 0o700);
    chmodSync(join(root, "data"), 0o740);
    const told = await open();
    assert.deepEqual(toFolders(told), [join(root, "data"), allocDir]);
    assert.deepEqual(toProblems(told), [undefined, undefined]);
    const changes = runs().filter((line) => !line.startsWith("getfacl"));
    // The mask goes on to let the group read what it could read before.
    assert.deepEqual(changes, [`-n -m u:${user.uid}:x,m::rx -- ${root}/data`, `-n -m u:${user.uid}:x,m::x -- ${allocDir}`]);
  });

  test("nothing is run where nothing is closed, or where it is the user's own, root's engine or the plugin's", async (context) => {
    const { allocDir, open, runs } = makeBench(context);
    assert.deepEqual(await open(), []);
    chmodSync(allocDir, 0o700);
    for (const owner of [{ uid: 0, ruledIds: [] }, { uid: self, ruledIds: [] }, { ...user, ruledIds: [[self, 1]] as const }]) {
      assert.deepEqual(await open({ owner }), []);
    }
    context.mock.property(process, "getuid", () => user.uid);
    assert.deepEqual(await open(), []);
    assert.deepEqual(runs(), []);
  });

  test("a folder that a link leads through is opened, too", async (context) => {
    const { root, allocDir, open } = makeBench(context);
    rmSync(join(root, "data"), { recursive: true });
    mkdirSync(join(root, "disk/data/alloc/id"), { recursive: true });
    symlinkSync(join(root, "disk/data"), join(root, "data"));
    chmodSync(join(root, "disk"), 0o700);
    assert.deepEqual(toFolders(await open()), [join(root, "disk")]);
    assert.ok(existsSync(allocDir));
  });

  const asRoot = { skip: self === 0 ? false : "only root gives folders away" };
  test("what another user owns, or could put in a folder's place, is left as it is", asRoot, async (context) => {
    const { root, allocDir, open, runs } = makeBench(context);
    chmodSync(allocDir, 0o700);
    for (const folder of [allocDir, join(root, "data")]) {
      chownSync(allocDir, 0, 0);
      chownSync(folder, 4711, 4711);
      const told = await open();
      assert.deepEqual([toFolders(told), toProblems(told)], [[allocDir], [`user 4711 owns a part of the way to ${allocDir}`]]);
    }
    rmSync(join(root, "data"), { recursive: true });
    mkdirSync(join(root, "disk/data/alloc/id"), { recursive: true });
    symlinkSync(join(root, "disk/data"), join(root, "data"));
    lchownSync(join(root, "data"), 4711, 4711);
    chmodSync(join(root, "disk"), 0o700);
    assert.deepEqual(toProblems(await open()), [`user 4711 owns a part of the way to ${allocDir}`]);
    assert.deepEqual(toChanges(runs()), []);
  });

  test("nothing is opened where others may put another folder in the place of one on the way", asRoot, async (context) => {
    const { root, allocDir, open, runs } = makeBench(context);
    chmodSync(allocDir, 0o700);
    const data = join(root, "data");
    chmodSync(data, 0o777);
    assert.deepEqual(toProblems(await open()), [`everybody may write in ${data}`]);
    chownSync(data, 0, 4711);
    chmodSync(data, 0o775);
    assert.deepEqual(toProblems(await open()), [`group 4711 may write in ${data}`]);
    assert.deepEqual(toChanges(runs()), []);
    // In a folder with this bit the names of what is there are its owner's.
    chmodSync(data, 0o1777);
    assert.deepEqual(toProblems(await open()), [undefined]);
  });
});

describe("of folders whose mode does not tell all", () => {
  test("a folder that lets other users pass by an ACL is opened to this one, and asked about once", async (context) => {
    const { root, allocDir, open, runs } = makeBench(context, opens, `user::rwx\nuser:77:--x\ngroup::---\nmask::--x\nother::---`);
    chmodSync(allocDir, 0o710);
    chmodSync(join(root, "data"), 0o710);
    // This getfacl never has him in it.
    assert.deepEqual(toProblems(await open()), ["setfacl has changed nothing"]);
    writeFileSync(join(root, "bin/getfacl"), `#!/bin/sh\necho user:77:--x\necho user:${user.uid}:--x\n`);
    assert.deepEqual(await open(), []);
    const before = runs().length;
    assert.deepEqual(await open(), []);
    assert.equal(runs().length, before);
  });

  test("a folder that lets its group pass is left alone: the user may be of it", async (context) => {
    const { allocDir, open, runs } = makeBench(context, opens, `user::rwx\nuser:77:--x\ngroup::r-x\nmask::r-x\nother::---`);
    chmodSync(allocDir, 0o750);
    assert.deepEqual([await open(), await open()], [[], []]);
    assert.deepEqual(runs(), [`getfacl ${allocDir}`]);
  });
});

test("those whom a mask keeps out are kept out by it, and by their own entries then", async (context) => {
  const acl = `user::rwx\nuser:77:r-x\nuser:78:r--\nuser:${user.uid}:rwx\ngroup::r-x\ngroup:79:--x\nmask::r--\nother::---`;
  const { allocDir, open, runs } = makeBench(context, opens, acl);
  chmodSync(allocDir, 0o740);
  assert.deepEqual(toProblems(await open()), [undefined]);
  const others = "user:77:r--,group::r--,group:79:---";
  assert.deepEqual(toChanges(runs()), [`-n -m u:${user.uid}:x,m::rx,${others} -- ${allocDir}`]);
});

describe("what goes wrong on the way", () => {
  const cures: readonly (readonly [name: string, acl: string, changes: string])[] = [
    ["without an ACL", plainAcl, `-m u:${user.uid}:x`],
    [
      "whose mask keeps others out",
      `user::rwx\nuser:77:rwx\ngroup::r-x\nmask::---\nother::---`,
      `-n -m u:${user.uid}:x,m::x,user:77:rw-,group::r--`,
    ],
    ["whose ACL cannot be read", "EOF\nexit 1\ncat <<'EOF'", `-n -m u:${user.uid}:x,m::x`],
  ];
  for (const [name, acl, changes] of cures) {
    test(`the cure for a folder ${name} opens no more than the driver does`, async (context) => {
      const { allocDir, open } = makeBench(context, "exit 1", acl);
      chmodSync(allocDir, 0o700);
      assert.deepEqual((await open()).map(({ cure }) => cure), [`setfacl ${changes} ${allocDir}`]);
    });
  }

  test("the first that stays shut is told with the reason, and nothing below it is touched", async (context) => {
    const { root, allocDir, open, runs } = makeBench(context, `echo "setfacl: $5: Operation not supported" >&2; exit 1`);
    for (const folder of [allocDir, join(root, "data")]) chmodSync(folder, 0o700);
    const told = await open();
    assert.deepEqual(toFolders(told), [join(root, "data")]);
    assert.deepEqual(toProblems(told), [`setfacl: ${root}/data: Operation not supported`]);
    assert.deepEqual(runs().filter((line) => line.includes(allocDir)), []);
  });

  const failures: readonly (readonly [name: string, setfacl: string | undefined, problem: RegExp])[] = [
    ["is missing, with all of its package", undefined, /^getfacl, of the package acl, is not in the plugin's PATH$/],
    ["does nothing", "exit 0", /^setfacl has changed nothing$/],
    ["does not end", "exec sleep 60", /^setfacl did not end within 0\.3 s$/],
    ["says nothing", "exit 3", /^setfacl: Command failed: /],
    ["says too much", "yes | head -c 1000000 >&2", /^setfacl: y$/],
  ];
  for (const [name, setfacl, problem] of failures) {
    test(`a setfacl that ${name} is a reason that is told`, async (context) => {
      const { allocDir, open } = makeBench(context, ...(setfacl === undefined ? [] : [setfacl]));
      if (setfacl === undefined) process.env["PATH"] = "/nonexistent";
      chmodSync(allocDir, 0o700);
      // On a slow machine a program that ends at once may still take longer than the one that does not is waited for.
      const [passage, ...more] = await open(name === "does not end" ? { deadlineMs: 300 } : {});
      assert.match(passage?.problem ?? "", problem);
      assert.deepEqual(more, []);
    });
  }

  test("starts side by side open a folder once, and one that leaves keeps none of the others", async (context) => {
    const { allocDir, open, runs } = makeBench(context, `sleep 1; ${opens}`);
    const changes = (): number => runs().filter((line) => line.startsWith("-n")).length;
    chmodSync(allocDir, 0o700);
    assert.deepEqual((await Promise.all([open(), open(), open()])).map((told) => told.length), [1, 0, 0]);
    assert.equal(changes(), 1);
    chmodSync(allocDir, 0o700);
    const stop = new AbortController();
    const leaving = assert.rejects(open({ signal: stop.signal }), /^Error: gone$/);
    const impatient = new AbortController();
    const waiting = open({ signal: impatient.signal });
    impatient.abort(new Error("soon"));
    await assert.rejects(waiting, /^Error: soon$/);
    const others = Promise.all([open(), open()]);
    while (changes() < 2) await turn();
    stop.abort(new Error("gone"));
    await leaving;
    assert.deepEqual((await others).map((told) => told.length), [1, 0]);
    assert.equal(changes(), 3);
  });
});
