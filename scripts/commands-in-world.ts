// Stands in for a person's machine: with an engine and a running container of his (without, after --alone), runs the commands
// given as arguments (one each, JSON lists) and prints one line for each difference they made to the machine.
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { compareSnapshots, startEngine, takeHostSnapshot, type Engine } from "@driver/testing";

const isAlone = process.argv[2] === "--alone";
const commands = process.argv.slice(isAlone ? 3 : 2).map((argument): string[] => [JSON.parse(argument)].flat().map(String));
const signal = AbortSignal.timeout(150_000);
const folder = "/run/users-engine";

// What others on the real machine put there is not the commands' doing. (Not when this very checkout lies there.)
for (const shared of ["/tmp", "/var/tmp"]) {
  if (!import.meta.dirname.startsWith(`${shared}/`)) execFileSync("mount", ["-t", "tmpfs", "-o", "mode=1777", "tmpfs", shared]);
}

await using engine = isAlone ? undefined : await startUsersEngine();

for (const [command = "", ...args] of commands) {
  const before = await takeHostSnapshot(signal);
  const result = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const changes = compareSnapshots(before, await takeHostSnapshot(signal)).filter((change) => !isOthersUnmount(change));
  const running = await engine?.run(["ps", "--all", "--format", "{{.Image}} exited={{.Exited}}"]);
  const { status: code, stdout, stderr } = result;
  process.stdout.write(`${JSON.stringify({ code, stdout, stderr, changes, containers: running?.stdout.trim() ?? "" })}\n`);
}

async function startUsersEngine(): Promise<Engine> {
  const users = await startEngine({ folder, storage: join(process.env["WORLD_FOLDER"] ?? "", "users-storage") }, signal);
  await users.importBusybox("localhost/busybox:1");
  const container = await users.run(["run", "--detach", "--publish", "18080:80", "localhost/busybox:1", "sleep", "1000"]);
  if (container.code !== 0) throw new Error(container.stderr);
  return users;
}

/** A mount of the real machine disappears from here too when someone there removes the folder that it is on. */
function isOthersUnmount(change: string): boolean {
  return change.startsWith("- mounts: ") && !change.includes("users-");
}
