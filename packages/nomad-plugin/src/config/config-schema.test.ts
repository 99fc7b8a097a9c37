import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DriverError } from "../driver-error.ts";
import { attr, mapAttr } from "./attr.ts";
import { block, blockAttrs, blockList } from "./block.ts";
import type { HclRecord, HclValue } from "@driver/hcl/values";
import type { Infer } from "./config-option.ts";
import { configSchema } from "./config-schema.ts";
import { encodeMsgpack } from "./msgpack.ts";

const schema = configSchema(
  {
    image: attr.string({ required: true, help: "Image." }),
    timeout: attr.string({ default: "5m", help: "Longest wait." }),
    mode: attr.string({ oneOf: ["fast", "slow"], default: "slow", help: "Pace." }),
    init: attr.bool({ help: "Init." }),
    pids: attr.number({ help: "Processes." }),
    period: attr.number({ format: "uint64", help: "Period." }),
    score: attr.number({ format: "int16", default: 0, help: "Score." }),
    share: attr.number({ format: "float64", help: "Share." }),
    args: attr.list("string", { help: "Arguments." }),
    extra: attr.map("string", { help: "Extra." }),
    labels: mapAttr("string", { help: "Labels." }),
    ports: mapAttr("number", { deprecated: "labels", help: "Ports." }),
    entry: attr.any({ help: "Anything." }),
    auth: block(
      {
        user: attr.string({ help: "User." }),
        password: attr.string({ secret: true, help: "Password." }),
        check: attr.bool({ help: "Check." }),
      },
      { help: "Login." },
    ),
    gc: block(
      { container: attr.bool({ default: true, help: "Remove." }), delay: attr.string({ help: "Delay." }) },
      { default: { container: true }, help: "Clean-up." },
    ),
    socket: blockList({ name: attr.string({ help: "Name." }), path: attr.string({ required: true, help: "Path." }) }, { help: "Sockets." }),
    options: blockAttrs("string", { help: "Options." }),
  },
  { title: "task config", whenEmpty: "error" },
);
type Options = Infer<typeof schema>;

const decode = (value: HclValue): Options => schema.decode(encodeMsgpack(value));
const decodeWith = (value: Readonly<Record<string, HclValue>>): Options => decode({ image: "i", ...value });
const refusal = (value: Readonly<Record<string, HclValue>>): string => refusalOf(() => decodeWith(value));

function refusalOf(decodeIt: () => unknown): string {
  try {
    decodeIt();
  } catch (error) {
    assert.ok(error instanceof DriverError);
    assert.equal(error.code, "config-invalid");
    return error.message;
  }
  assert.fail("the value was accepted");
}

describe("decoding what Nomad sends", () => {
  test("nil and absent keys give the default, undefined or an empty collection", () => {
    const expected: Options = {
      image: "i",
      timeout: "5m",
      mode: "slow",
      init: undefined,
      pids: undefined,
      period: undefined,
      score: 0,
      share: undefined,
      args: [],
      extra: {},
      labels: {},
      ports: {},
      entry: undefined,
      auth: undefined,
      gc: { container: true, delay: undefined },
      socket: [],
      options: {},
    };
    const nils = Object.fromEntries(Object.keys(expected).map((key) => [key, null]));
    assert.deepEqual(decodeWith({}), expected);
    assert.deepEqual(decode({ ...nils, image: "i" }), expected);
  });

  test("a default that lacks keys of its block leaves them unset", () => {
    assert.deepEqual(decodeWith({ gc: { container: false } }).gc, { container: false, delay: undefined });
  });

  test("inside a given block an unset key stays distinguishable from a set one", () => {
    assert.deepEqual(decodeWith({ auth: { user: "u", check: null } }).auth, { user: "u", password: undefined, check: undefined });
    assert.equal(decodeWith({ auth: { check: false } }).auth?.check, false);
  });

  test("unknown keys are ignored", () => {
    assert.equal("later" in decodeWith({ later: { than: ["us"] } }), false);
  });

  test("0 and 1 pass for a bool", () => {
    assert.equal(decodeWith({ init: 1 }).init, true);
    assert.equal(decodeWith({ init: 0 }).init, false);
  });

  test("maps in a list are merged from left to right, null among them is ignored", () => {
    assert.deepEqual(decodeWith({ labels: [{ a: "1", b: "1" }, null, { b: "2" }] }).labels, { a: "1", b: "2" });
    assert.deepEqual(decodeWith({ ports: [{ http: 80 }, { db: 5432 }] }).ports, { http: 80, db: 5432 });
  });

  test("a null element becomes the zero of its type", () => {
    assert.deepEqual(decodeWith({ args: ["a", null] }).args, ["a", ""]);
    assert.deepEqual(decodeWith({ labels: [{ a: null }] }).labels, { a: "" });
  });

  test("an attribute of any type keeps its shape", () => {
    for (const entry of ["sh", ["a", 1], { a: true }, 5, false]) assert.deepEqual(decodeWith({ entry }).entry, entry);
  });

  test("a float attribute takes the text Nomad sends for a fraction that is no float", () => {
    assert.equal(decodeWith({ share: "0.1" }).share, 0.1);
    assert.equal(decodeWith({ share: 2 }).share, 2);
  });

  test("trailing bytes are ignored", () => {
    assert.equal(schema.decode(new Uint8Array([...encodeMsgpack({ image: "x" }), 0xc1, 0x00])).image, "x");
  });
});

describe("refusing what does not fit", () => {
  const table: readonly (readonly [Readonly<Record<string, HclValue>>, RegExp])[] = [
    [{ image: null }, /image is required/],
    [{ image: 5 }, /image: 5 must be a string/],
    [{ init: "yes" }, /init: "yes" must be true or false/],
    [{ init: 2 }, /init: 2 must be true or false/],
    [{ pids: "0.1" }, /pids: "0\.1" must be a whole number/],
    [{ pids: 1.5 }, /pids: 1\.5 must be a whole number/],
    [{ pids: "18446744073709551615" }, /pids: "18446744073709551615" must be a whole number/],
    [{ pids: 2n ** 62n }, /pids: 4611686018427387904 must be a whole number \(within ±2\^53\)/],
    [{ period: -1 }, /period: -1 must be a whole number from 0/],
    [{ score: 70000 }, /score: 70000 must be a whole number from -32768 to 32767/],
    [{ share: "much" }, /share: "much" must be a number/],
    [{ args: "a" }, /args: "a" must be a list/],
    [{ args: [["a"]] }, /args\[0\]: a list must be a string/],
    [{ labels: { a: "b" } }, /labels: a map must be a list of maps/],
    [{ labels: ["a"] }, /labels: "a" must be a map/],
    [{ labels: [{ a: 5 }] }, /labels\.a: 5 must be a string/],
    [{ ports: [{ http: "x" }] }, /ports\.http: "x" must be a whole number/],
    [{ mode: "fats" }, /mode: "fats" must be one of "fast", "slow"/],
    [{ gc: ["x"] }, /gc: a list must be a map/],
    [{ auth: { user: [] } }, /auth\.user: a list must be a string/],
    [{ socket: { name: "a" } }, /socket: a map must be a list of blocks/],
    [{ socket: [{ path: "/a" }, { name: "b" }] }, /socket\[1\]\.path is required/],
    [{ options: { a: 1 } }, /options\.a: 1 must be a string/],
  ];
  for (const [value, expected] of table) {
    test(
      JSON.stringify(value, (_, entry: unknown) => (typeof entry === "bigint" ? String(entry) : entry)),
      () => assert.match(refusal(value), expected),
    );
  }

  test("the value of a secret is never named", () => {
    assert.match(refusal({ auth: { password: 123456 } }), /auth\.password/);
    assert.doesNotMatch(refusal({ auth: { password: 123456 } }), /123456/);
    assert.doesNotMatch(refusal({ auth: ["geheim"] }), /geheim/);
  });

  test("empty, truncated and extended bytes are refused with the config's name", () => {
    for (const bytes of [[], [0x81, 0xa1], [0xd4, 0, 0], [0x90]]) {
      assert.match(
        refusalOf(() => schema.decode(new Uint8Array(bytes))),
        /task config/,
      );
    }
  });

  test("a schema for which empty bytes mean defaults gives them", () => {
    const lenient = configSchema({ init: attr.bool({ default: true, help: "" }) }, { title: "plugin config", whenEmpty: "defaults" });
    assert.deepEqual(lenient.decode(new Uint8Array()), { init: true });
  });
});

test("a look at what is set tells the values of keys, and no secret", () => {
  const found = schema.whatIsSet(decodeWith({ pids: 7, auth: { user: "u", password: "geheim" } }));
  const told = found.map(({ path, value }) => [path, value]);
  assert.deepEqual(told, [["image", "i"], ["pids", 7], ["auth.user", "u"], ["auth.password", undefined]]);
});

/** What a declaration can say of its key that a look at what is set tells. */
const marks = ["notYet", "deprecated", "refused"];

describe("the other uses of a declaration", () => {
  test("the spec names every key, also inside defaults", () => {
    assert.equal(schema.spec.kind, "object");
    const attributes = schema.spec.kind === "object" ? schema.spec.attributes : {};
    assert.deepEqual(attributes["image"], { kind: "attr", name: "image", type: "string", required: true });
    assert.deepEqual(attributes["timeout"], {
      kind: "default",
      primary: { kind: "attr", name: "timeout", type: "string", required: false },
      fallback: { kind: "literal", value: '"5m"' },
    });
    assert.deepEqual(attributes["ports"], { kind: "attr", name: "ports", type: "list(map(number))", required: false });
    assert.deepEqual(attributes["options"], { kind: "block-attrs", name: "options", type: "string", required: false });
    assert.deepEqual(attributes["gc"], {
      kind: "default",
      primary: {
        kind: "block",
        name: "gc",
        required: false,
        nested: {
          kind: "object",
          attributes: {
            container: {
              kind: "default",
              primary: { kind: "attr", name: "container", type: "bool", required: false },
              fallback: { kind: "literal", value: "true" },
            },
            delay: { kind: "attr", name: "delay", type: "string", required: false },
          },
        },
      },
      fallback: { kind: "literal", value: "{ container = true }" },
    });
    assert.equal(attributes["socket"]?.kind, "block-list");
  });

  test("the option rows follow the declaration", () => {
    assert.deepEqual(
      schema.options.find((row) => row.path === "timeout"),
      {
        path: "timeout",
        type: "string",
        default: '"5m"',
        required: false,
        help: "Longest wait.",
        ...{ deprecated: undefined, notYet: false, refused: false, only: undefined, needs: undefined, unused: undefined },
      },
    );
    assert.equal(schema.options.find((row) => row.path === "ports")?.deprecated, "labels");
    assert.deepEqual(
      schema.options.filter((row) => row.path.startsWith("socket")).map((row) => [row.path, row.type, row.required]),
      [
        ["socket", "block list", false],
        ["socket.name", "string", false],
        ["socket.path", "string", true],
      ],
    );
  });

  const unapplied = configSchema(
    {
      tty: attr.bool({ default: false, notYet: true, help: "A terminal." }),
      init: attr.bool({ default: true, notYet: true, help: "An init." }),
      ports: attr.list("string", { deprecated: "labels", help: "Ports." }),
      auth: block({ user: attr.string({ help: "User." }) }, { notYet: true, help: "Credentials." }),
      gc: block(
        { volumes: attr.bool({ notYet: true, help: "Volumes as well." }), container: attr.bool({ help: "Containers." }) },
        { help: "Clean-up." },
      ),
      socket: blockList({ name: attr.string({ notYet: true, help: "Name." }) }, { help: "Services." }),
      tls: block({ key: attr.string({ help: "Key." }) }, { refused: { problem: "is not spoken", remedy: "remove it" }, help: "TLS." }),
    },
    { title: "test config", whenEmpty: "defaults" },
  );

  test("the option rows of a block without effect say so of all its keys", () => {
    const paths = unapplied.options.filter(({ notYet }) => notYet).map(({ path }) => path);
    assert.deepEqual(paths, ["tty", "init", "auth", "auth.user", "gc.volumes", "socket.name"]);
    assert.deepEqual(unapplied.options.filter(({ refused }) => refused).map(({ path }) => path), ["tls", "tls.key"]);
  });

  const configs: readonly { readonly what: string; readonly config: HclRecord; readonly set: readonly string[] }[] = [
    { what: "nothing of an empty config", config: {}, set: [] },
    {
      what: "nothing of values that ask for nothing",
      config: { tty: false, ports: [], auth: { user: "" }, gc: { volumes: false }, tls: { key: "" } },
      set: [],
    },
    { what: "nothing of what is the default anyway", config: { init: true }, set: [] },
    { what: "plain keys with what is declared of them", config: { tty: true, ports: ["http"] }, set: ["tty notYet", "ports deprecated"] },
    { what: "a block without effect as a whole", config: { auth: { user: "u" } }, set: ["auth notYet"] },
    { what: "a block that is refused as a whole", config: { tls: { key: "k" } }, set: ["tls refused"] },
    {
      what: "the keys of other blocks one by one",
      config: { gc: { volumes: true, container: true } },
      set: ["gc.volumes notYet", "gc.container"],
    },
    { what: "each block that is repeated", config: { socket: [{}, { name: "a" }] }, set: ["socket", "socket[1].name notYet"] },
  ];
  for (const { what, config, set } of configs) {
    test(`a look at what is set finds ${what}`, () => {
      const found = unapplied.whatIsSet(unapplied.decodeValue(config));
      assert.deepEqual(found.map(({ path, facts }) => [path, ...marks.filter((fact) => fact in facts)].join(" ")), set);
    });
  }

  test("the plain value reads back as the same config, without secrets", () => {
    const config = decodeWith({
      args: ["a"],
      labels: [{ a: "b" }],
      entry: ["x", 1],
      score: -500,
      auth: { user: "u", password: "geheim" },
      socket: [{ name: "n", path: "/p" }],
      options: { tag: "t" },
    });
    const value = schema.toValue(config);
    assert.doesNotMatch(JSON.stringify(value), /geheim|password/);
    assert.deepEqual(schema.decodeValue(value), { ...config, auth: { user: "u", password: undefined, check: undefined } });
  });
});
