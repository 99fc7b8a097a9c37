import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import { ExitDirectories, readExitDirectory } from "./exit-directory.ts";

const id = "a".repeat(64);
const otherId = "b".repeat(64);

test("reads the folder from conmon's command line, if it is this container's conmon", () => {
  using host = new HostFixture();
  const conmon = { pid: 41, startTicks: "1000" };
  const read = (...args: readonly string[]): string | undefined => {
    host.addProcess({ pid: 41, args });
    return readExitDirectory(host, conmon, id);
  };
  assert.equal(read("conmon", "-c", id, "--exit-dir", "/run/exits", "--log-level", "warning"), "/run/exits");
  assert.equal(read("conmon", "-c", id), undefined);
  assert.equal(read("conmon", "-c", id, "--exit-dir"), undefined);
  assert.equal(read("conmon", "-c", otherId, "--exit-dir", "/run/exits"), undefined);
  host.removeProcess(41);
  assert.equal(readExitDirectory(host, conmon, id), undefined);
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
  readonly directories = new ExitDirectories();

  [Symbol.dispose](): void {
    this.directories.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}

test("tells those who wait for a container when its exit file appears, and nobody else", async () => {
  using folder = new ExitFolder();
  let others = 0;
  assert.equal(folder.directories.subscribe(folder.path, otherId, () => (others += 1)), true);
  const hinted = new Promise<void>((resolve) => folder.directories.subscribe(folder.path, id, resolve));
  writeFileSync(join(folder.path, id), "0");
  await hinted;
  assert.equal(others, 0);
});

test("keeps one watch for a folder, and none when nobody waits any more", () => {
  using folder = new ExitFolder();
  const before = countWatches();
  folder.directories.subscribe(folder.path, id, () => undefined);
  folder.directories.subscribe(folder.path, otherId, () => undefined);
  assert.equal(countWatches(), before + 1);
  folder.directories.unsubscribe(folder.path, id);
  folder.directories.unsubscribe(folder.path, id);
  assert.equal(countWatches(), before + 1);
  folder.directories.unsubscribe(folder.path, otherId);
  assert.equal(countWatches(), before);
});

test("says that a folder cannot be watched", () => {
  using folder = new ExitFolder();
  assert.equal(folder.directories.subscribe(join(folder.path, "missing"), id, () => undefined), false);
  folder.directories.unsubscribe(join(folder.path, "missing"), id);
});

test("watches a folder again after all watches were closed", async () => {
  using folder = new ExitFolder();
  folder.directories.subscribe(folder.path, otherId, () => undefined);
  folder.directories.close();
  const hinted = new Promise<void>((resolve) => folder.directories.subscribe(folder.path, id, resolve));
  writeFileSync(join(folder.path, id), "0");
  await hinted;
});
