import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AuthFileError, findHelper, findLogin, listMistakes, parseAuthFile } from "./auth-file.ts";

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
    { entry: { auth: auth.replace(/=+$/, "") }, login: { username: "ada", password: "pa:ss" } },
    { entry: { auth: `${auth.slice(0, 4)}\n${auth.slice(4)}\n` }, login: { username: "ada", password: "pa:ss" } },
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
    '{"credHelpers":"s3cret"}',
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

describe("an entry that cannot be used is a matter of its registry alone, and is told without its value:", () => {
  const auths = (entry: unknown): object => ({ auths: { "other.io": { auth }, "r.io/a": entry, "r.io": { auth } } });
  const helpers = (entry: unknown): object => ({ auths: { "other.io": { auth } }, credHelpers: { "r.io": entry, "other.io": "own" } });
  const rows: readonly { readonly file: object; readonly mistake: RegExp }[] = [
    { file: auths("s3cret"), mistake: /^auths\["r\.io\/a"\] is a text; write an object, such as \{ "auth": "dXNlcjpwYXNzd29yZA==" \}$/ },
    { file: auths(null), mistake: /^auths\["r\.io\/a"\] is null; write an object/ },
    { file: auths(["s3cret"]), mistake: /^auths\["r\.io\/a"\] is a list; write an object/ },
    { file: auths({ auth: ["s3cret"] }), mistake: /^auths\["r\.io\/a"\]\.auth is a list; write a text$/ },
    { file: auths({ identitytoken: { s3cret: 1 } }), mistake: /^auths\["r\.io\/a"\]\.identitytoken is an object; write a text$/ },
    { file: auths({ username: "ada", password: 53 }), mistake: /^auths\["r\.io\/a"\]\.password is a number; write a text$/ },
    { file: auths({ auth: "ada:s3cret" }), mistake: /^auths\["r\.io\/a"\]\.auth is a text that is not base64; write what `printf/ },
    {
      file: auths({ auth: Buffer.from("s3cret").toString("base64") }),
      mistake: /^auths\["r\.io\/a"\]\.auth is base64 of something else than user:password; write what `printf/,
    },
    { file: helpers(["s3cret"]), mistake: /^credHelpers\["r\.io"\] is a list; write the part behind docker-credential-, such as "ecr-/ },
    { file: helpers("/bin/s3cret"), mistake: /^credHelpers\["r\.io"\] is no name of a program; write the part/ },
  ];
  for (const { file, mistake } of rows) {
    test(JSON.stringify(file), () => {
      const parsed = parseAuthFile(JSON.stringify(file));
      const [told = ""] = listMistakes(parsed);
      assert.match(told, mistake);
      assert.doesNotMatch(told, /s3cret|53|czNjcmV0/);
      assert.throws(() => [findHelper(parsed, place), findLogin(parsed, place)], { name: "AuthFileError", message: told });
      assert.equal(findLogin(parsed, { host: "other.io", path: "x" })?.username, "ada");
      assert.doesNotThrow(() => findHelper(parsed, { host: "other.io", path: "x" }));
    });
  }
  test("a key that fits better goes before it", () => {
    const file = parseAuthFile(JSON.stringify({ auths: { "r.io/a": { auth }, "r.io": { auth: "s3cret" } } }));
    assert.equal(findLogin(file, place)?.username, "ada");
    assert.throws(() => findLogin(file, { host: "r.io", path: "z" }), { name: "AuthFileError" });
  });
});
