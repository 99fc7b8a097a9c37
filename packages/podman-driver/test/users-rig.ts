import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { HclValue } from "@driver/nomad-plugin";
import { DriverRig, testSetting, type Engine, type OrdinaryUser, type RigOptions, type TaskWishes } from "@driver/testing";

/** What tasks call the Podman of an ordinary user, beside root's. */
export const usersSocket = "users";

/** The driver with root's Podman as the default, and a user's. */
export async function startUsersRig(
  engine: Engine,
  user: OrdinaryUser,
  options: Pick<RigOptions, "pluginConfig" | "env">,
): Promise<DriverRig> {
  const sockets: HclValue = [
    { name: "default", socket_path: testSetting("TEST_PODMAN_SOCKET") },
    { name: usersSocket, socket_path: `unix:${engine.socketPath}`, host_user: user.name },
  ];
  return DriverRig.start({ ...options, pluginConfig: { socket_path: "", socket: sockets, ...options.pluginConfig } });
}

/** A task of the user's engine. */
export function ofUser(wishes: TaskWishes = {}): TaskWishes {
  return { ...wishes, config: { socket: usersSocket, ...wishes.config } };
}

/** Whether a user may list a folder, or pass it on the way there. */
export async function looksIn(uid: number, folder: string): Promise<boolean> {
  const script = ["setpriv", `--reuid=${uid}`, "--clear-groups", "ls", folder];
  return await promisify(execFile)("env", script).then(() => true, () => false);
}
