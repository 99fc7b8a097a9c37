import assert from "node:assert/strict";
import { test } from "node:test";
import { toConnectionError } from "./answer-error.ts";

const messageFor = (code: string, socketPath: string): string => {
  const error = Object.assign(new Error(`connect ${code}`), { code, syscall: "connect" });
  return toConnectionError(error, { method: "GET", path: ["_ping"], action: "ping podman" }, socketPath).message;
};

test("tells how to start a service of systemd's that is not there", () => {
  const rootful = /podman\.sock: the socket does not exist \(ENOENT\); `systemctl enable --now podman\.socket` as root starts it$/;
  assert.match(messageFor("ENOENT", "/run/podman/podman.sock"), rootful);
  assert.match(messageFor("ENOENT", "/var/run/podman/podman.sock"), rootful);
  assert.match(
    messageFor("ECONNREFUSED", "/run/user/1000/podman/podman.sock"),
    /\(ECONNREFUSED\); `systemctl --user enable --now podman\.socket` as user 1000 starts it$/,
  );
});

test("gives no such advice for other sockets and other reasons", () => {
  for (const [code, path] of [
    ["ENOENT", "/run/app/podman.sock"],
    ["ENOENT", "/run/user/1000/podman.sock"],
    ["EACCES", "/run/podman/podman.sock"],
  ] as const) {
    assert.match(messageFor(code, path), new RegExp(`\\(${code}\\)$`));
  }
});
