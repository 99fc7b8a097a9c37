import assert from "node:assert/strict";
import { constants, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findSocketObstacle } from "./socket-obstacle.ts";

test("names what keeps a process from a socket, the first thing on the way to it", async (context) => {
  const root = mkdtempSync(join(tmpdir(), "obstacle-"));
  context.after(() => rmSync(root, { recursive: true }));
  const [folder, file] = [join(root, "run"), join(root, "file")];
  mkdirSync(folder, { mode: 0o750 });
  writeFileSync(file, "");
  const socket = join(folder, "podman.sock");
  const server = createServer().listen(socket);
  await new Promise((resolve) => server.once("listening", resolve));
  context.after(() => server.close());

  assert.equal(findSocketObstacle(socket), undefined);
  assert.equal(findSocketObstacle(join(folder, "other.sock")), undefined);
  assert.equal(findSocketObstacle(join(root, "gone/podman/podman.sock")), `${root}/gone does not exist`);
  assert.equal(findSocketObstacle(join(file, "podman.sock")), `${file} is no folder`);
  assert.equal(findSocketObstacle(file), "it is a file and no socket");
  assert.equal(findSocketObstacle(folder), "it is a folder and no socket");
  for (const name of ["own.sock", "var"]) symlinkSync("gone/podman.sock", join(root, name));
  const toNowhere = (name: string): string => `${root}/${name} is a link to gone/podman.sock, which does not exist`;
  assert.equal(findSocketObstacle(join(root, "own.sock")), toNowhere("own.sock"));
  assert.equal(findSocketObstacle(join(root, "var/podman.sock")), toNowhere("var"));
  const owner = `owner ${process.getuid?.()}:${process.getgid?.()}`;
  const mayNotEnter = (path: string, how: number): boolean => !(path === folder && how === constants.X_OK);
  assert.equal(findSocketObstacle(socket, mayNotEnter), `user ${process.getuid?.()} may not enter ${folder} (mode 0750, ${owner})`);
  const mayNotWrite = (_path: string, how: number): boolean => how !== constants.W_OK;
  assert.match(findSocketObstacle(socket, mayNotWrite) ?? "", /^user \d+ may not write to it \(mode 0[0-7]{3}, owner \d+:\d+\)$/);
});
