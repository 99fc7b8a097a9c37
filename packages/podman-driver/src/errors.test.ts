import assert from "node:assert/strict";
import { test } from "node:test";
import { LibpodError, type LibpodErrorCode } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { inStep, isNameConflict, mayPassSoon, toDriverError } from "./errors.ts";

const libpodError = (code: LibpodErrorCode, podmanMessage = "text"): LibpodError =>
  new LibpodError({ code, message: `podman: ${podmanMessage}`, podmanMessage, podmanCause: podmanMessage });
const isRecoverable = (error: LibpodError): boolean => {
  const turned = toDriverError("step", error);
  assert.ok(turned instanceof DriverError && turned.cause === error);
  return turned.recoverable;
};

for (const code of ["unreachable", "connection-lost", "timeout", "closed", "conflict", "bad-answer", "engine-error"] as const) {
  test(`offers another try after ${code}`, () => assert.equal(isRecoverable(libpodError(code)), true));
}
for (const code of ["not-found", "bad-request"] as const) {
  test(`offers none after ${code}`, () => assert.equal(isRecoverable(libpodError(code)), false));
}

const mistakes = [
  "OCI runtime attempted to invoke a command that was not found",
  "runc: permission denied: OCI permission denied",
  "statfs /no/such: no such file or directory",
  "unable to find user nobody-knows: no matching entries in passwd file",
  "no command or entrypoint provided, and no CMD or ENTRYPOINT from image",
  "invalid config provided: x",
  "unknown capability: CAP_X",
  "unable to find network with name or ID x: network not found",
  'no secret with name or id "x": no such secret',
  "sysctl net.core.somaxconn can't be set since Network Namespace set to host: invalid argument",
  "runc: sysctl \"kernel.x\" is not namespaced: OCI runtime error",
  "finding timezone: unknown time zone Mars/Olympus",
  "container-init binary not found on the host: stat /usr/libexec/podman/catatonit",
];
for (const text of mistakes) {
  test(`offers no other try after a mistake in the job: ${text}`, () =>
    assert.equal(isRecoverable(libpodError("engine-error", text)), false));
}
for (const text of [
  "database is locked",
  "listen tcp4 0.0.0.0:80: bind: address already in use",
  "no space left on device",
  "cannot allocate memory",
]) {
  test(`offers another try after trouble on the host: ${text}`, () => assert.equal(isRecoverable(libpodError("engine-error", text)), true));
}

for (const code of ["engine-error", "not-found"] as const) {
  test(`offers another try, but not at once, after an image that somebody has removed: ${code}`, () => {
    const gone = libpodError(code, "image not known");
    assert.equal(isRecoverable(gone), true);
    assert.deepEqual([mayPassSoon(gone), mayPassSoon(libpodError("engine-error"))], [false, true]);
  });
}

test("names the step, once", () => {
  const message = (step: string, text: string): string =>
    (toDriverError(step, new LibpodError({ code: "timeout", message: text })) as Error).message;
  assert.equal(message("start container x", "no answer"), "start container x: no answer");
  assert.equal(message("create container x", "create container x: no answer"), "create container x: no answer");
  assert.equal(message("start container 77cf69", "start container 77cf692dfab90a13: no answer"), "start container 77cf69: no answer");
});

test("leaves the errors of others alone", async () => {
  const reason = new Error("the caller hung up");
  assert.equal(toDriverError("step", reason), reason);
  await assert.rejects(inStep("step", Promise.reject(reason)), (error) => error === reason);
  assert.equal(await inStep("step", Promise.resolve(5)), 5);
});

test("knows a name that is taken from other things that are in use", () => {
  const taken = [
    'creating container storage: the container name "x" is already in use by 5f0d. You have to remove that container to be ' +
      'able to reuse that name: that name is already in use',
    'error creating container storage: the container name "x" is already in use by "5f0d"',
  ];
  for (const text of taken) assert.equal(isNameConflict(libpodError("engine-error", text)), true, text);
  for (const text of ["listen tcp4 :80: bind: address already in use", "volume x is being used", "text"]) {
    assert.equal(isNameConflict(libpodError("engine-error", text)), false, text);
  }
  assert.equal(isNameConflict(new Error(taken[0])), false);
});
