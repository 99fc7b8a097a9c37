import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { LibpodError } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { explainAccess, tellClosedFiles, tellPassage } from "./closed-to-user.ts";

const user = { uid: 4711, ruledIds: [] };
const owner = `owner ${process.getuid?.()}:${process.getgid?.()}`;

function makeAllocation(context: TestContext): string {
  // TMPDIR may itself be closed to others, as in a test world.
  const root = mkdtempSync(join("/dev/shm", "alloc-"));
  context.after(() => rmSync(root, { recursive: true }));
  chmodSync(root, 0o755);
  for (const folder of ["data/alloc", "data/task/local", "data/task/secrets"]) mkdirSync(join(root, folder), { recursive: true });
  return join(root, "data");
}

function failure(podmanMessage: string): DriverError {
  const cause = new LibpodError({ code: "engine-error", message: `create: ${podmanMessage}`, podmanMessage });
  return new DriverError("failed", `create container web: ${podmanMessage}`, { recoverable: true, cause });
}

test("a refusal names the folder that is in the user's way, and how he gets in", async (context) => {
  const allocDir = makeAllocation(context);
  chmodSync(allocDir, 0o700);
  const binds = [{ source: "/usr", destination: "/u" }, { source: join(allocDir, "alloc"), destination: "/alloc" }];
  const error = failure(`statfs ${allocDir}/alloc: permission denied`);
  const explained = await explainAccess(error, binds, user);
  assert.ok(explained instanceof DriverError);
  const text =
    `user 4711, whose Podman this is, may not enter ${allocDir} (mode 0700, ${owner}); to let him: setfacl -m u:4711:x ` +
    `${allocDir}, or chmod o+x ${allocDir}`;
  assert.deepEqual([explained.message, explained.recoverable, explained.cause], [`${error.message}; ${text}`, true, error.cause]);
});

test("a folder whose name a shell would take for something else is quoted in the cure", async (context) => {
  const folder = join(makeAllocation(context), "$(reboot) it's");
  mkdirSync(folder, { mode: 0o700 });
  const explained = await explainAccess(failure("permission denied"), [{ source: folder, destination: "/d" }], user);
  const quoted = `'${folder.replace("'", String.raw`'\''`)}'`;
  assert.ok(explained instanceof DriverError);
  assert.ok(explained.message.endsWith(`; to let him: setfacl -m u:4711:x ${quoted}, or chmod o+x ${quoted}`), explained.message);
});

test("other errors stay as they are: of another kind, of root's Podman, or with nothing in the way", async (context) => {
  const allocDir = makeAllocation(context);
  const binds = [{ source: join(allocDir, "alloc"), destination: "/alloc" }];
  const denied = failure("statfs /x: permission denied");
  assert.equal(await explainAccess(denied, binds, user), denied);
  chmodSync(allocDir, 0o700);
  assert.equal(await explainAccess(denied, binds, undefined), denied);
  for (const error of [failure("no such file"), new Error("permission denied")]) {
    assert.equal(await explainAccess(error, binds, user), error);
  }
});

test("files that Nomad wrote for nobody else are told, with the cure", (context) => {
  const allocDir = makeAllocation(context);
  const task = { allocDir, name: "task" };
  assert.equal(tellClosedFiles(task, user), undefined);
  for (let index = 0; index < 7; index++) writeFileSync(join(allocDir, `task/secrets/${index}.env`), "", { mode: 0o600 });
  const named = Array.from({ length: 5 }, (_, index) => `secrets/${index}.env (mode 0600, ${owner})`).join(", ");
  assert.equal(
    tellClosedFiles(task, user),
    `the task cannot read ${named}, and 2 more: it runs in the Podman of user 4711; a template gives others the right with ` +
      `perms = "0644", or the file to him with uid = 4711`,
  );
});

test("a folder that was opened to the user is told, and one that stayed shut with the reason and the cure", () => {
  const folder = { path: "/opt/nomad", mode: 0o700, uid: 0, gid: 0 };
  const shut = "/opt/nomad (mode 0700, owner 0:0)";
  assert.equal(
    tellPassage({ folder }, user),
    `open_allocation_path: user 4711, whose Podman this is, may now pass ${shut}, by an ACL for him alone`,
  );
  assert.equal(
    tellPassage({ folder, problem: "setfacl has changed nothing", cure: "setfacl -m u:4711:x /opt/nomad" }, user),
    `open_allocation_path: user 4711, whose Podman this is, could not be let through ${shut}: setfacl has changed nothing; to let ` +
      "him: setfacl -m u:4711:x /opt/nomad",
  );
});
