import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { SocketPlace } from "./socket-place.ts";

interface Scene {
  readonly folder: string;
  readonly path: string;
  readonly place: SocketPlace;
  /** Settles at a change from now on. */
  change(): Promise<void>;
}

function setScene(context: TestContext): Scene {
  const root = mkdtempSync(join(tmpdir(), "place-"));
  const folder = join(root, "run", "podman");
  const path = join(folder, "podman.sock");
  let told = (): void => undefined;
  const place = new SocketPlace(path, () => told());
  context.after(() => {
    place[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
  });
  return { folder, path, place, change: () => new Promise((resolve) => (told = resolve)) };
}

/** Does one after the other, each once the place is watched, and waits until it is told of. */
async function seeEach({ place, change }: Scene, touches: readonly (() => void)[]): Promise<void> {
  for (const touch of touches) {
    assert.equal(place.arm(), true);
    const changed = change();
    touch();
    await changed;
  }
}

test("tells that the socket comes, changes and goes", async (context) => {
  const { folder, path, place, change } = setScene(context);
  mkdirSync(folder, { recursive: true });
  assert.equal(place.arm(), true);
  for (const touch of [
    () => writeFileSync(path, ""),
    () => chmodSync(path, 0o600),
    () => renameSync(path, `${path}.old`),
    () => renameSync(`${path}.old`, path),
    () => rmSync(path),
  ]) {
    const changed = change();
    touch();
    await changed;
  }
});

test("finds the way to a socket whose folders come one after the other, are removed and made again", async (context) => {
  const scene = setScene(context);
  const { folder, path } = scene;
  for (let round = 0; round < 3; round++) {
    await seeEach(scene, [
      () => mkdirSync(join(folder, ".."), { recursive: true }),
      () => mkdirSync(folder),
      () => writeFileSync(path, ""),
      () => rmSync(join(folder, ".."), { recursive: true }),
    ]);
  }
});

test("does not mind what else happens in the folder", async (context) => {
  const { folder, path, place, change } = setScene(context);
  mkdirSync(folder, { recursive: true });
  place.arm();
  let isTold = false;
  const changed = change().then(() => (isTold = true));
  const witness = watch(folder);
  context.after(() => witness.close());
  const seen = once(witness, "change");
  writeFileSync(join(folder, "other"), "");
  await seen;
  assert.equal(isTold, false);
  writeFileSync(path, "");
  await changed;
});

test("follows a link in the socket's place to where the socket comes and goes, and sees that it leads elsewhere", async (context) => {
  const scene = setScene(context);
  const { folder, path } = scene;
  const target = join(folder, "../engine/run/own.sock");
  mkdirSync(folder, { recursive: true });
  symlinkSync("../engine/link.sock", path);
  await seeEach(scene, [
    () => mkdirSync(join(folder, "../engine")),
    () => symlinkSync("run/own.sock", join(folder, "../engine/link.sock")),
    () => mkdirSync(join(target, "..")),
    () => writeFileSync(target, ""),
    () => rmSync(target),
    () => writeFileSync(target, ""),
    () => rmSync(path),
  ]);
});

test("follows a link on the way that leads to a folder which is missing", async (context) => {
  const scene = setScene(context);
  const { folder, path } = scene;
  const target = join(folder, "../../var/podman");
  mkdirSync(join(folder, ".."));
  symlinkSync(target, folder);
  await seeEach(scene, [() => mkdirSync(target, { recursive: true }), () => writeFileSync(path, "")]);
});

test("comes to an end with links that lead to each other", (context) => {
  const { folder, path, place } = setScene(context);
  mkdirSync(folder, { recursive: true });
  symlinkSync("podman.sock", path);
  assert.equal(place.arm(), true);
});
