import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findUser } from "./account-files.ts";

test("finds users by their whole name", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "users-"));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "passwd"), "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\nodd:x::\n");
  assert.deepEqual(
    ["root", "app", "ap", "odd", "", "1000"].map((name) => findUser(name, folder)),
    [0, 1000, undefined, undefined, undefined, undefined],
  );
  assert.equal(findUser("root", join(folder, "missing")), undefined);
});
