import assert from "node:assert/strict";
import { requestEngine, testSetting } from "@driver/testing";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** The image of this test run with an entrypoint, under another name of localhost; gone when this is disposed. */
export async function commitImage(name: string, entrypoint: readonly string[]): Promise<AsyncDisposable & { readonly image: string }> {
  const image = `localhost/${name}:1`;
  const change = encodeURIComponent(`ENTRYPOINT ${JSON.stringify(entrypoint)}`);
  const call = async (method: "POST" | "DELETE", path: string): Promise<void> => {
    const { status, text } = await requestEngine(testSetting("TEST_PODMAN_SOCKET"), { method, path, signal: soon() });
    assert.ok(status < 300, text);
  };
  await withPodman(async ({ containers }) => {
    const { id } = await containers.create({ image: testSetting("TEST_IMAGE"), netns: { nsmode: "none" } }, soon());
    await call("POST", `/commit?container=${id}&repo=localhost/${name}&tag=1&changes=${change}`);
    await containers.remove(id, { force: true, volumes: true }, soon());
  });
  return { image, [Symbol.asyncDispose]: () => call("DELETE", `/images/${image}`) };
}
