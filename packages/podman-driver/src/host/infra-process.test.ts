import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { isInfraProcess } from "./infra-process.ts";
import { hostRoots } from "./proc-files.ts";

const [user, stranger] = [4242, 4243];
const infraId = "1f".repeat(32);

interface Holder extends AsyncDisposable {
  readonly pid: number;
}

/** A process of the user's below another of his that carries the id, as a container's below its conmon; in no cgroup of a container. */
async function hold(id: string, { ownNetwork }: { readonly ownNetwork: boolean }): Promise<Holder> {
  const become = ["setpriv", `--reuid=${user}`, "--clear-groups", "sh", "-c", "sleep 600 & echo $!; wait", id];
  const [command = "", ...args] = ownNetwork ? ["unshare", "--net", ...become] : become;
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line]: unknown[] = await once(createInterface(child.stdout), "line");
  const pid = Number(line);
  return {
    pid,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "close");
      process.kill(pid, "SIGKILL");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

const skip = process.getuid?.() === 0 ? false : "only root can be two users";

test("the process of an ordinary user's infra container is known by its conmon, its owner and its network", { skip }, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "infra-"));
  context.after(() => rm(folder, { recursive: true }));
  const socketOf = async (uid: number): Promise<string> => {
    const path = join(folder, `${uid}.sock`);
    await writeFile(path, "");
    await chown(path, uid, uid);
    return path;
  };
  const [ofUser, ofRoot, ofStranger] = [await socketOf(user), await socketOf(0), await socketOf(stranger)];
  await using apart = await hold(infraId, { ownNetwork: true });
  await using onHost = await hold(infraId, { ownNetwork: false });
  const rows = [
    ["is his, and apart", { socketPath: ofUser, infraId, infraPid: apart.pid }, true],
    ["is on the host's network", { socketPath: ofUser, infraId, infraPid: onHost.pid }, false],
    ["is another container's", { socketPath: ofUser, infraId: "2e".repeat(32), infraPid: apart.pid }, false],
    ["is not the engine's user's", { socketPath: ofStranger, infraId, infraPid: apart.pid }, false],
    ["has no cgroup of root's container", { socketPath: ofRoot, infraId, infraPid: apart.pid }, false],
    ["is of an engine that nobody knows", { socketPath: undefined, infraId, infraPid: apart.pid }, false],
    ["is of a socket that is away", { socketPath: join(folder, "gone.sock"), infraId, infraPid: apart.pid }, false],
    ["is none", { socketPath: ofUser, infraId, infraPid: 0 }, false],
  ] as const;
  for (const [what, named, isIt] of rows) assert.equal(isInfraProcess(hostRoots, named), isIt, what);
});
