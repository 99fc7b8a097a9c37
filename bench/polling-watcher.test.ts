import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PollingWatcher } from "./polling-watcher.ts";

const refusals: readonly { readonly podman: string; readonly status: number; readonly text: string }[] = [
  { podman: "4.3", status: 409, text: '{"cause":"container is stopped","response":409}' },
  { podman: "5.4", status: 200, text: '{"cause":"container is stopped","message":"container is stopped","response":500}' },
];
for (const { podman, status, text } of refusals) {
  test(`the end of a container is seen by how Podman ${podman} refuses its statistics`, { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "polling-"));
    let asked = 0;
    const server = createServer(({ url = "" }, answer) => {
      const isEnded = url.includes("/stats") && ++asked > 1;
      answer.writeHead(isEnded ? status : 200).end(isEnded ? text : '{"cpu_stats":{},"State":{"ExitCode":7}}');
    });
    server.listen(join(folder, "podman.sock"));
    await once(server, "listening");
    try {
      await using watcher = new PollingWatcher(join(folder, "podman.sock"));
      await (await watcher.watch("0".repeat(64))).ended;
      assert.equal(asked, 2);
    } finally {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    }
  });
}
