import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import { mistakesOf, specOf } from "../../../test/plan-of.ts";

const file = { Source: "db", Target: undefined, UID: 0, GID: 0, Mode: 0o444 };

const rows: readonly { readonly secrets: readonly HclRecord[]; readonly planned: Pick<ContainerSpec, "secrets" | "secret_env"> }[] = [
  { secrets: [], planned: {} },
  { secrets: [{ name: "db" }], planned: { secrets: [file] } },
  { secrets: [{ name: "db", target: "", env: "", mode: "", uid: 0, gid: 0 }], planned: { secrets: [file] } },
  {
    secrets: [{ name: "db", target: "password", uid: 100, gid: 200, mode: "0400" }],
    planned: { secrets: [{ ...file, Target: "password", UID: 100, GID: 200, Mode: 0o400 }] },
  },
  // HCL has no octal numbers: 0440 arrives as 440.
  {
    secrets: [{ name: "db", target: "/etc/password", mode: "440" }],
    planned: { secrets: [{ ...file, Target: "/etc/password", Mode: 0o440 }] },
  },
  { secrets: [{ name: "db", env: "PASSWORD" }], planned: { secret_env: { PASSWORD: "db" } } },
  {
    secrets: [{ name: "db" }, { name: "db", env: "A" }, { name: "tls", env: "B" }],
    planned: { secrets: [file], secret_env: { A: "db", B: "tls" } },
  },
];
for (const { secrets, planned } of rows) {
  test(`plans ${JSON.stringify(secrets)}`, () => {
    const { secrets: files, secret_env: variables } = specOf({ config: { secrets } });
    assert.deepEqual(
      { ...(files !== undefined && { secrets: files }), ...(variables !== undefined && { secret_env: variables }) },
      planned,
    );
  });
}

test("asks a Podman for no more than it knows of secrets", () => {
  const plan = (secret: HclRecord, version: string): unknown => specOf({ config: { secrets: [secret] }, facts: { version } });
  const target = { name: "db", target: "password" };
  for (const secret of [{ name: "db", mode: "0400" }, { name: "db", env: "PASSWORD" }]) {
    assert.throws(() => plan(secret, "3.2.9"), { code: "unsupported", message: /secrets\[0\]: needs Podman 3\.3, and 3\.2\.9 runs/ });
    assert.doesNotThrow(() => plan(secret, "3.3.0"));
  }
  const message = /secrets\[0\]\.target: needs Podman 3\.4\.3, and 3\.4\.2 runs/;
  assert.throws(() => plan(target, "3.4.2"), { code: "unsupported", message });
  for (const version of ["3.4.3", "3.4.4-dev", "4.0.0"]) assert.doesNotThrow(() => plan(target, version));
});

const refusals: readonly { readonly secrets: readonly HclRecord[]; readonly mistake: string }[] = [
  { secrets: [{}], mistake: "secrets[0].name > config key secrets[0].name is required, but not set" },
  {
    secrets: [{ name: "db", env: "A", target: "b" }],
    mistake: "secrets[0] > config key secrets[0]: sets env beside keys of a file; remove env, or else target, uid, gid and mode",
  },
  {
    secrets: [{ name: "db", env: "A", uid: 5 }],
    mistake: "secrets[0] > config key secrets[0]: sets env beside keys of a file; remove env, or else target, uid, gid and mode",
  },
  {
    secrets: [{ name: "db", env: "A=b" }],
    mistake: 'secrets[0].env > config key secrets[0].env: "A=b" is no name of a variable; write one without =',
  },
  {
    secrets: [{ name: "db", mode: "0999" }],
    mistake: 'secrets[0].mode > config key secrets[0].mode: "0999" is no file mode; write octal digits, e.g. 0400',
  },
  {
    secrets: [{ name: "db", mode: "r--" }],
    mistake: 'secrets[0].mode > config key secrets[0].mode: "r--" is no file mode; write octal digits, e.g. 0400',
  },
  {
    secrets: [{ name: "db", target: "../x" }],
    mistake:
      'secrets[0].target > config key secrets[0].target: "../x" leads out of its folder; write it without .., from the root or ' +
        'below /run/secrets',
  },
  {
    secrets: [{ name: "db" }, { name: "x", target: "/run/secrets/db" }],
    mistake: "secrets[1] > config key secrets[1]: is the second for the file /run/secrets/db; give each a place of its own",
  },
  {
    secrets: [{ name: "db" }, { name: "db", target: "other", mode: "0400" }],
    mistake:
      'secrets[1] > config key secrets[1]: gives the secret "db" a second owner or mode, and Podman keeps one for all its ' +
        'files; use the same uid, gid and mode, or make a second secret',
  },
  {
    secrets: [
      { name: "a", env: "A" },
      { name: "b", env: "A" },
    ],
    mistake: "secrets[1] > config key secrets[1]: is the second for the variable A; give each a place of its own",
  },
];
for (const { secrets, mistake } of refusals) {
  test(`refuses ${JSON.stringify(secrets)}`, () => assert.deepEqual(mistakesOf({ config: { secrets } }), [mistake]));
}

test("refuses an owner that is no id", () => {
  for (const uid of [-1, 2 ** 32]) assert.match(mistakesOf({ config: { secrets: [{ name: "db", uid }] } }).join(), /secrets\[0\]\.uid/);
});
