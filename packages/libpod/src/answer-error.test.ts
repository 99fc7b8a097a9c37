import assert from "node:assert/strict";
import { test } from "node:test";
import { toConnectionError } from "./answer-error.ts";
import type { TlsFiles } from "./service-place.ts";

const ping = { method: "GET", path: ["_ping"], action: "ping podman" } as const;

const messageFor = (code: string, socketPath: string): string => {
  const error = Object.assign(new Error(`connect ${code}`), { code, syscall: "connect" });
  return toConnectionError(error, ping, socketPath).message;
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

const far = "tcp://podman.example:2376";
const openssl = (text: string): string => `40C362DD8D7F0000:error:0A000418:SSL routines:ssl3_read_bytes:${text}:rec_layer_s3.c:918:`;
const shown: TlsFiles = { client: { cert: "/tls/me.pem", key: "/tls/me.key" } };

test("says what a person can act on where TLS ends without an answer", () => {
  const wasNone = "it was shown none; set cert and key of the block tls";
  const wasOne = "it was shown /tls/me.pem, which must be valid and signed by an authority that the service knows";
  const without = "without an answer; if it asks for a client certificate";
  const table: readonly (readonly [message: string, code: string, tls: TlsFiles, said: string])[] = [
    [
      openssl("tlsv13 alert certificate required"),
      "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
      {},
      `at ${far}: it refuses the client certificate (TLS alert: certificate required): ${wasNone}`,
    ],
    [
      `write EPROTO ${openssl("tlsv1 alert unknown ca")}`,
      "EPROTO",
      shown,
      `cannot reach podman at ${far}: it refuses the client certificate (TLS alert: unknown ca): ${wasOne}`,
    ],
    [openssl("ssl/tls alert bad certificate"), "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", shown, `(TLS alert: bad certificate): ${wasOne}`],
    [`write EPROTO ${openssl("wrong version number")}`, "EPROTO", shown, `at ${far}: what listens there does not speak TLS`],
    ["socket hang up", "ECONNRESET", {}, `at ${far} was lost: it closed the connection after the TLS handshake, ${without}: ${wasNone}`],
    [
      "Client network socket disconnected before secure TLS connection was established",
      "ECONNRESET",
      shown,
      `cannot reach podman at ${far}: it closed the connection during the TLS handshake, ${without}: ${wasOne}`,
    ],
  ];
  for (const [message, code, tls, said] of table) {
    const failure = toConnectionError(Object.assign(new Error(message), { code }), ping, far, tls);
    assert.ok(failure.message.endsWith(said), `${failure.message}\n${said}`);
    assert.equal(failure.code, message === "socket hang up" ? "connection-lost" : "unreachable", message);
  }
});

test("speaks of no certificate where a service over TLS breaks off its answer, or nothing listens", () => {
  const hangUp = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
  assert.match(toConnectionError(hangUp, ping, far).message, /:2376 was lost: socket hang up$/);
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" });
  assert.match(toConnectionError(refused, ping, far, shown).message, /:2376: nothing listens on the socket \(ECONNREFUSED\)$/);
});
