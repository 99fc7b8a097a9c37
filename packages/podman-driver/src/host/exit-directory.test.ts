import assert from "node:assert/strict";
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { HostFixture, RecordedLog, until } from "@driver/testing";
import { ExhaustedDescriptors } from "../logs/exhausted-descriptors.ts";
import { RepeatedFailure } from "../repeated-failure.ts";
import { ExitDirectories, readConmonFolders, readExitRecord, type ConmonFolders } from "./exit-directory.ts";
import { Heartbeat } from "./heartbeat.ts";

const id = "a".repeat(64);
const otherId = "b".repeat(64);
const self = { uid: process.getuid?.() ?? 0, ruledIds: [] };

test("reads the folders from conmon's command line, if it is this container's conmon", () => {
  using host = new HostFixture();
  const conmon = { pid: 41, startTicks: "1000" };
  const read = (...args: readonly string[]): ConmonFolders | undefined => {
    host.addProcess({ pid: 41, args });
    return readConmonFolders(host, conmon, id);
  };
  const folders = ["-b", "/bundle", "--exit-dir", "/run/exits"];
  assert.deepEqual(read("conmon", "-c", id, ...folders, "--log-level", "warning"), {
    exits: "/run/exits",
    oomMark: "/bundle",
    owner: self,
  });
  assert.deepEqual(read("conmon", "-c", id, ...folders, "--persist-dir", "/persist"), {
    exits: "/run/exits",
    oomMark: "/persist",
    owner: self,
  });
  const written = (target: string): ConmonFolders["log"] => read("conmon", "-c", id, ...folders, "-l", target)?.log;
  assert.deepEqual(written("k8s-file:/storage/ctr.log"), { logPath: "/storage/ctr.log", staticDir: "/bundle" });
  assert.deepEqual(written("json-file:/storage/with space: 1"), { logPath: "/storage/with space: 1", staticDir: "/bundle" });
  for (const target of ["journald", "k8s-file:", "k8s-file:ctr.log", "passthrough", "none:/x"]) assert.equal(written(target), undefined);
  assert.equal(read("conmon", "-c", id, "--exit-dir", "/run/exits", "-l", "k8s-file:/storage/ctr.log")?.log, undefined);
  assert.equal(read("conmon", "-c", id), undefined);
  assert.equal(read("conmon", "-c", id, "-b", "/bundle"), undefined);
  assert.equal(read("conmon", "-c", id, "-b", "/bundle", "--exit-dir"), undefined);
  assert.equal(read("conmon", "-c", otherId, ...folders), undefined);
  host.removeProcess(41);
  assert.equal(readConmonFolders(host, conmon, id), undefined);
});

test("reads conmon's record of an exit, and takes nothing else for one", () => {
  using folder = new ExitFolder();
  const folders = { exits: folder.path, oomMark: undefined, owner: self };
  const read = (text: string): number | undefined => {
    writeFileSync(join(folder.path, id), text);
    return readExitRecord(folders, id)?.exitCode;
  };
  assert.deepEqual(["0", "137", "255", "3\n"].map(read), [0, 137, 255, 3]);
  for (const text of ["", "-1", "256", "1e2", "0x1", "137137137137"]) assert.equal(read(text), undefined, text);
  assert.equal(readExitRecord(folders, otherId), undefined);
  writeFileSync(join(folder.path, "elsewhere"), "0");
  symlinkSync("elsewhere", join(folder.path, otherId));
  assert.equal(readExitRecord(folders, otherId), undefined);
});

test("finds conmon's mark of an OOM kill, and when it was made", () => {
  using folder = new ExitFolder();
  const folders = { exits: folder.path, oomMark: join(folder.path, "persist"), owner: self };
  writeFileSync(join(folder.path, id), "137");
  assert.equal(readExitRecord(folders, id)?.oomMarkedAt, undefined);
  mkdirSync(folders.oomMark);
  assert.equal(readExitRecord(folders, id)?.oomMarkedAt, undefined);
  writeFileSync(join(folders.oomMark, "oom"), "");
  utimesSync(join(folders.oomMark, "oom"), 1000, 1000);
  assert.deepEqual(readExitRecord(folders, id)?.oomMarkedAt, new Date(1_000_000));
});

test("reads no record and no mark of an OOM kill in another user's folder, and none that another user has put down", () => {
  using folder = new ExitFolder();
  const user = 1000;
  const persist = join(folder.path, "persist");
  mkdirSync(persist);
  writeFileSync(join(persist, "oom"), "");
  writeFileSync(join(folder.path, id), "137");
  const read = (owner: number): readonly [number?, boolean?] => {
    const record = readExitRecord({ exits: folder.path, oomMark: persist, owner: { uid: owner, ruledIds: [] } }, id);
    return record === undefined ? [] : [record.exitCode, record.oomMarkedAt !== undefined];
  };
  assert.deepEqual([read(0), read(user)], [[137, true], []]);
  chownSync(folder.path, user, user);
  assert.deepEqual([read(0), read(user)], [[], []]);
  chownSync(join(folder.path, id), user, user);
  assert.deepEqual(read(user), [137, false]);
  chownSync(persist, user, user);
  assert.deepEqual(read(user), [137, false]);
  chownSync(join(persist, "oom"), user, user);
  assert.deepEqual(read(user), [137, true]);
});

test("follows no link to another folder of records", () => {
  using folder = new ExitFolder();
  writeFileSync(join(folder.path, id), "7");
  const link = `${folder.path}-link`;
  symlinkSync(folder.path, link);
  try {
    assert.equal(readExitRecord({ exits: link, oomMark: undefined, owner: self }, id), undefined);
  } finally {
    rmSync(link);
  }
});

/** inotify watches of this process. */
function countWatches(): number {
  return readdirSync("/proc/self/fdinfo")
    .map((fd) => {
      try {
        return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").split("\n").filter((line) => line.startsWith("inotify ")).length;
      } catch {
        return 0;
      }
    })
    .reduce((sum, count) => sum + count, 0);
}

class ExitFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "exits-"));
  readonly folders: ConmonFolders = { exits: this.path, oomMark: undefined, owner: self };
  readonly log = new RecordedLog();
  readonly heartbeat = new Heartbeat(new RepeatedFailure(this.log.logger, "look"), 5);
  readonly directories = new ExitDirectories(this.heartbeat, new RepeatedFailure(this.log.logger, "hint"));

  [Symbol.dispose](): void {
    this.directories.close();
    this.heartbeat.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}

test("tells those who wait for a container when its exit file appears, and nobody else", async () => {
  using folder = new ExitFolder();
  let others = 0;
  assert.equal(folder.directories.subscribe(folder.folders, otherId, () => (others += 1)), true);
  const hinted = new Promise<void>((resolve) => folder.directories.subscribe(folder.folders, id, resolve));
  writeFileSync(join(folder.path, id), "0");
  await hinted;
  assert.equal(others, 0);
});

test("is silent until conmon has renamed its file into place", async () => {
  using folder = new ExitFolder();
  const seen: boolean[] = [];
  const hinted = new Promise<void>((resolve) => {
    folder.directories.subscribe(folder.folders, id, () => {
      seen.push(readExitRecord({ exits: folder.path, oomMark: undefined, owner: self }, id) !== undefined);
      resolve();
    });
  });
  writeFileSync(join(folder.path, `${id}.4F2KQ3`), "7");
  await new Promise(setImmediate);
  renameSync(join(folder.path, `${id}.4F2KQ3`), join(folder.path, id));
  await hinted;
  assert.deepEqual(seen, [true]);
});

test("keeps one watch for a folder, and none when nobody waits any more", () => {
  using folder = new ExitFolder();
  const before = countWatches();
  folder.directories.subscribe(folder.folders, id, () => undefined);
  folder.directories.subscribe(folder.folders, otherId, () => undefined);
  assert.equal(countWatches(), before + 1);
  folder.directories.unsubscribe(folder.folders, id);
  folder.directories.unsubscribe(folder.folders, id);
  assert.equal(countWatches(), before + 1);
  folder.directories.unsubscribe(folder.folders, otherId);
  assert.equal(countWatches(), before);
});

test("says that a folder cannot be watched", () => {
  using folder = new ExitFolder();
  assert.equal(folder.directories.subscribe({ ...folder.folders, exits: join(folder.path, "missing") }, id, () => undefined), false);
  folder.directories.unsubscribe({ ...folder.folders, exits: join(folder.path, "missing") }, id);
});

/** Until the file tells of itself: nobody knows when the watch is there again. */
async function untilHinted(directory: string, isHinted: () => boolean): Promise<void> {
  while (!isHinted()) {
    writeFileSync(join(directory, id), "0");
    await sleep(5);
    rmSync(join(directory, id), { force: true });
  }
}

test("watches a folder that was removed and made again, for those who wait there and those who come", async () => {
  using folder = new ExitFolder();
  let hints = 0;
  folder.directories.subscribe(folder.folders, id, () => (hints += 1));
  const before = countWatches();
  rmSync(folder.path, { recursive: true });
  mkdirSync(folder.path);
  await untilHinted(folder.path, () => hints > 0);
  rmSync(folder.path, { recursive: true });
  assert.equal(folder.directories.subscribe(folder.folders, otherId, () => undefined), false);
  mkdirSync(folder.path);
  assert.equal(folder.directories.subscribe(folder.folders, otherId, () => undefined), true);
  assert.equal(countWatches(), before);
});

test("watches a folder that comes later", async () => {
  using folder = new ExitFolder();
  const later = join(folder.path, "later");
  let hints = 0;
  assert.equal(folder.directories.subscribe({ ...folder.folders, exits: later }, id, () => (hints += 1)), false);
  mkdirSync(later);
  await untilHinted(later, () => hints > 0);
});

test("watches a folder again after all watches were closed", async () => {
  using folder = new ExitFolder();
  folder.directories.subscribe(folder.folders, otherId, () => undefined);
  folder.directories.close();
  const hinted = new Promise<void>((resolve) => folder.directories.subscribe(folder.folders, id, resolve));
  writeFileSync(join(folder.path, id), "0");
  await hinted;
});

test("goes on for others when a hint throws, and tells it", async () => {
  using folder = new ExitFolder();
  folder.directories.subscribe(folder.folders, id, () => {
    throw new Error("broken");
  });
  const hinted = new Promise<void>((resolve) => folder.directories.subscribe(folder.folders, otherId, resolve));
  writeFileSync(join(folder.path, id), "0");
  await until(() => folder.log.at("warn").length > 0);
  writeFileSync(join(folder.path, otherId), "0");
  await hinted;
  assert.deepEqual(folder.log.at("warn"), ["hint: Error: broken"]);
});

test("watches no folder that is not conmon's user's, whatever its path leads to, and his once it is", async () => {
  using folder = new ExitFolder();
  const user = { uid: 1000, ruledIds: [[100_000, 65_536]] as const };
  const link = `${folder.path}-link`;
  symlinkSync(folder.path, link);
  try {
    const ofUser = { ...folder.folders, owner: user };
    const before = countWatches();
    let hints = 0;
    assert.equal(folder.directories.subscribe(ofUser, id, () => (hints += 1)), false);
    assert.equal(folder.directories.subscribe({ ...folder.folders, exits: link }, otherId, () => assert.fail("through a link")), false);
    assert.equal(countWatches(), before);
    for (const uid of [1000, 100_999]) {
      chownSync(folder.path, uid, uid);
      hints = 0;
      await untilHinted(folder.path, () => hints > 0);
    }
    // Root may name the same path, and gets no watch on the user's folder.
    assert.equal(folder.directories.subscribe(folder.folders, otherId, () => assert.fail("another user's")), false);
    chownSync(folder.path, 0, 0);
    await until(() => countWatches() === before + 1 && folder.directories.subscribe(folder.folders, otherId, () => undefined));
  } finally {
    rmSync(link);
  }
});

test("holds on to its watch while no descriptor is left to look with", async () => {
  using folder = new ExitFolder();
  const hinted = new Promise<void>((resolve) => folder.directories.subscribe(folder.folders, id, resolve));
  using exhausted = new ExhaustedDescriptors();
  // Each subscription looks at the folder, as each beat does.
  assert.equal(folder.directories.subscribe(folder.folders, otherId, () => undefined), true);
  exhausted.end();
  writeFileSync(join(folder.path, id), "0");
  await hinted;
});
