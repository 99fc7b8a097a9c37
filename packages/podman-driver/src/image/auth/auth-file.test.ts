import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AuthFileError, findHelper, findLogin, parseAuthFile } from "./auth-file.ts";

const auth = Buffer.from("ada:pa:ss\0\0").toString("base64");
const place = { host: "r.io", path: "a/b" };

describe("the login of an entry", () => {
  const rows: readonly { readonly entry: object; readonly login: object | undefined }[] = [
    { entry: { auth }, login: { username: "ada", password: "pa:ss" } },
    { entry: { auth, identitytoken: "T" }, login: { username: "ada", password: "pa:ss", identityToken: "T" } },
    { entry: { identitytoken: "T" }, login: { identityToken: "T" } },
    { entry: { username: "ada", password: "x" }, login: { username: "ada", password: "x" } },
    { entry: {}, login: undefined },
    { entry: { auth: "" }, login: undefined },
  ];
  for (const { entry, login } of rows) {
    test(JSON.stringify(entry), () =>
      assert.deepEqual(findLogin(parseAuthFile(JSON.stringify({ auths: { "r.io": entry } })), place), login),
    );
  }
  test("an entry without a secret hides no shorter one that has it", () => {
    assert.deepEqual(findLogin(parseAuthFile(JSON.stringify({ auths: { "r.io": { auth }, "r.io/a": {} } })), place), {
      username: "ada",
      password: "pa:ss",
    });
  });
});

test("helpers are found by the longest key, and asked by it", () => {
  const file = parseAuthFile(JSON.stringify({ credHelpers: { "r.io": "one", "r.io/a": "two", "x.io": "three" }, credsStore: "all" }));
  assert.deepEqual(findHelper(file, place)?.name, "two");
  assert.deepEqual(findHelper(file, place)?.asked, "r.io/a");
  assert.equal(findHelper(file, { host: "y.io", path: "a" }), undefined);
  assert.equal(file.store, "all");
});

test("a file of 0 entries, and what Docker writes besides, are no mistake", () => {
  assert.deepEqual(parseAuthFile("{}"), { logins: [], helpers: [], store: "" });
  assert.deepEqual(parseAuthFile('{"HttpHeaders":{},"auths":{"r.io":{"email":"x"}}}').logins, []);
});

describe("says what is wrong without a word of the file:", () => {
  for (const text of [
    "",
    "s3cret",
    '{"auths": {"r.io": {"auth": s3cret}}}',
    '["s3cret"]',
    '{"auths":"s3cret"}',
    '{"auths":{"r.io":"s3cret"}}',
    '{"auths":{"r.io":{"auth":"s3cret"}}}',
    '{"auths":{"r.io":{"auth":["s3cret"]}}}',
    '{"credsStore":["s3cret"]}',
  ]) {
    test(text, () => {
      assert.throws(
        () => parseAuthFile(text),
        (error) => error instanceof AuthFileError && !/s3cret/.test(`${error.message} ${error.stack ?? ""}`),
      );
    });
  }
});
