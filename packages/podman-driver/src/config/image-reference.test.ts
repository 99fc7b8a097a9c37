import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseImage as parse, parseLoad, type ImageSource, type RegistrySource } from "./image-reference.ts";

const folders = { allocDir: "/alloc", taskName: "web" };

function parseImage(image: string): RegistrySource {
  const source = parse(image, folders);
  assert.ok(source.kind === "registry");
  return source;
}

const digest = `sha256:${"a".repeat(64)}`;
const long = "a".repeat(128);

describe("asks Podman for", () => {
  const references: Readonly<Record<string, string>> = {
    redis: "redis",
    "redis:7": "redis:7",
    "redis:5000": "redis:5000",
    "redis:7.2-alpine3.20": "redis:7.2-alpine3.20",
    "library/redis": "library/redis",
    "a/b/c/d:1": "a/b/c/d:1",
    "a_b/c__d/e-f/g---h/i.j": "a_b/c__d/e-f/g---h/i.j",
    "0/1:2": "0/1:2",
    [`x:${long}`]: `x:${long}`,
    "x:_1": "x:_1",
    "x:V1.2-RC_3": "x:V1.2-RC_3",
    "localhost/x": "localhost/x",
    "localhost/x/y:1": "localhost/x/y:1",
    localhost: "localhost",
    "localhost:5000/x:1": "localhost:5000/x:1",
    "127.0.0.1:9/x": "127.0.0.1:9/x",
    "[::1]:5000/x:1": "[::1]:5000/x:1",
    "[2001:db8::1]/x": "[2001:db8::1]/x",
    "registry:5000/x": "registry:5000/x",
    "Registry.Example.COM/x:1": "Registry.Example.COM/x:1",
    "my-registry.example/x": "my-registry.example/x",
    "ghcr.io/a/b:1": "ghcr.io/a/b:1",
    "docker.io/library/redis:7": "docker.io/library/redis:7",
    "quay.io/podman/hello": "quay.io/podman/hello",
    [`redis@${digest}`]: `redis@${digest}`,
    [`redis:7@${digest}`]: `redis:7@${digest}`,
    [`ghcr.io/a/b:1@${digest}`]: `ghcr.io/a/b:1@${digest}`,
    [`x@sha512:${"0".repeat(128)}`]: `x@sha512:${"0".repeat(128)}`,
    [`x@sha384:${"0".repeat(96)}`]: `x@sha384:${"0".repeat(96)}`,
    [digest]: digest,
    ["b".repeat(64)]: "b".repeat(64),
    abcdef012345: "abcdef012345",
    "https://ghcr.io/a/b:1": "ghcr.io/a/b:1",
    "https://redis": "redis",
    "docker://redis": "docker.io/library/redis:latest",
    "docker://redis:7": "docker.io/library/redis:7",
    "docker://bitnami/redis": "docker.io/bitnami/redis:latest",
    "docker://ghcr.io/a/b": "ghcr.io/a/b:latest",
    "docker://localhost/x": "localhost/x:latest",
    "docker://localhost:5000/x": "localhost:5000/x:latest",
    "docker://127.0.0.1:5000/a/x:1": "127.0.0.1:5000/a/x:1",
    [`docker://redis@${digest}`]: `docker.io/library/redis@${digest}`,
    [`docker://redis:7@${digest}`]: `docker.io/library/redis:7@${digest}`,
    [`docker://ghcr.io/a/b@${digest}`]: `ghcr.io/a/b@${digest}`,
  };
  for (const [image, reference] of Object.entries(references)) {
    test(`${reference} when the job says ${image}`, () => assert.equal(parseImage(image).reference, reference));
  }
});

describe("knows that no registry has", () => {
  for (const [image, isLocal] of [
    ["localhost/x", true],
    ["docker://localhost/x", true],
    [digest, true],
    ["b".repeat(64), true],
    ["localhost:5000/x", false],
    ["localhost", false],
    ["x", false],
    ["abcdef012345", false],
    [`x@${digest}`, false],
  ] as const) {
    test(`${image}: ${isLocal}`, () => assert.equal(parseImage(image).isLocal, isLocal));
  }
});

describe("refuses, and says what would be right:", () => {
  const refused: Readonly<Record<string, RegExp>> = {
    "": /a name is required; write e\.g\. docker\.io/,
    "docker:redis": /is not a reference; write docker:\/\/redis$/,
    "docker://": /is not the name of an image/,
    Redis: /capital letters in its path; write redis$/,
    "Bitnami/Redis:7": /write bitnami\/redis:7$/,
    "ghcr.io/Acme/App:1.0": /write ghcr\.io\/acme\/app:1\.0$/,
    "a b": /has a blank/,
    " redis": /has a blank/,
    "redis:7 ": /has a blank/,
    "redis:": /no valid tag/,
    "redis:-x": /no valid tag/,
    "redis:.x": /no valid tag/,
    "redis:a/b": /not the name of an image/,
    [`redis:${long}x`]: /no valid tag/,
    "redis@": /no whole digest/,
    "redis@sha256:abc": /no whole digest/,
    [`redis@${digest}0`]: /no whole digest/,
    [`redis@md5:${"a".repeat(32)}`]: /no whole digest/,
    [`redis@${digest.toUpperCase()}`]: /no whole digest/,
    [`redis@${digest}@${digest}`]: /more than one @/,
    [`@${digest}`]: /not the name of an image/,
    "http://ghcr.io/a": /is a URL; write the registry without its scheme/,
    "ftp://x/y": /is a URL/,
    "/redis": /not the name of an image/,
    "redis/": /not the name of an image/,
    "a//b": /not the name of an image/,
    "./x": /not the name of an image/,
    "../x": /not the name of an image/,
    "-x": /not the name of an image/,
    "x-": /not the name of an image/,
    "x.": /not the name of an image/,
    "a..b": /not the name of an image/,
    "a___b": /not the name of an image/,
    _x: /not the name of an image/,
    "ré/x": /not the name of an image/,
    "redis?tag=1": /not the name of an image/,
    [`ghcr.io/${"a".repeat(256)}`]: /more than 255 characters/,
    "${var.image}": /has a variable in it/,
    "redis:${NOMAD_META_version}": /has a variable in it/,
  };
  for (const [image, message] of Object.entries(refused)) {
    test(JSON.stringify(image), () => assert.throws(() => parseImage(image), { code: "config-invalid", message }));
  }
});

for (const transport of ["docker-daemon", "dir", "oci", "containers-storage", "ostree"]) {
  test(`refuses the transport ${transport} by name`, () => {
    assert.throws(() => parseImage(`${transport}:/x`), {
      code: "unsupported",
      message: `config key image: "${transport}:/x" has the transport ${transport}:, which is not supported yet; use a registry reference`,
    });
  });
}

test("names Docker Hub in full for any name behind docker://, with a tag", () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), fc.option(part, { nil: undefined }), (parts, tag) => {
      fc.pre(parts[0] !== "localhost" || parts.length === 1);
      const { reference } = parseImage(`docker://${parts.join("/")}${tag === undefined ? "" : `:${tag}`}`);
      assert.match(reference, /^docker\.io\/[a-z0-9]+(\/[a-z0-9]+)+:[a-z0-9]+$/);
    }),
  );
});

test("throws a refusal or gives a reference for any text, and never changes one that it gave", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      let reference: string;
      try {
        const source = parse(text, folders);
        if (source.kind !== "registry") return;
        ({ reference } = source);
      } catch (error) {
        assert.match(String(error), /config key image: /);
        return;
      }
      assert.equal(parseImage(reference).reference, reference);
    }),
  );
});

describe("finds an image that is no registry's in", () => {
  const file = { kind: "archive", at: "file", name: "", within: undefined } as const;
  const address = { kind: "archive", at: "address", name: "", within: undefined } as const;
  const rootfs = { kind: "rootfs", isOverlay: false, within: undefined } as const;
  const sources: Readonly<Record<string, ImageSource>> = {
    "docker-archive:/x/a.tar": { ...file, place: "/x/a.tar", shown: "/x/a.tar" },
    "oci-archive:/x/a.tar": { ...file, place: "/x/a.tar", shown: "/x/a.tar" },
    "docker-archive:/x/../a.tar:redis:7": { ...file, place: "/a.tar", shown: "/a.tar", name: "redis:7" },
    "oci-archive:local/a.tar": { ...file, place: "/alloc/web/local/a.tar", shown: "/alloc/web/local/a.tar", within: "/alloc" },
    "oci-archive:../alloc/a.tar": { ...file, place: "/alloc/alloc/a.tar", shown: "/alloc/alloc/a.tar", within: "/alloc" },
    "docker-archive:https://r.io:8/a.tar?token=x": { ...address, place: "https://r.io:8/a.tar?token=x", shown: "https://r.io:8/a.tar" },
    "oci-archive:http://r.io/a": { ...address, place: "http://r.io/a", shown: "http://r.io/a" },
    "rootfs:/srv/root": { ...rootfs, path: "/srv/root" },
    "rootfs:/srv/root:O": { ...rootfs, path: "/srv/root", isOverlay: true },
    "rootfs:local/root": { ...rootfs, path: "/alloc/web/local/root", within: "/alloc" },
  };
  for (const [image, source] of Object.entries(sources)) test(image, () => assert.deepEqual(parse(image, folders), source));

  test("the archive that load names, below local/ as with Nomad's Docker driver", () => {
    const place = "/alloc/web/local/a.tar";
    assert.deepEqual(parseLoad("a.tar", "redis:7", folders), { ...file, place, shown: place, name: "redis:7", within: "/alloc" });
    assert.deepEqual(parseLoad("/x/a.tar", "redis", folders), { ...file, place: "/x/a.tar", shown: "/x/a.tar", name: "redis" });
    assert.throws(() => parseLoad("../../../etc/a.tar", "x", folders), {
      message: /^config key load: .* leads out of the allocation's folder/,
    });
  });

  for (const [image, message] of [
    ["docker-archive:", /names no file/],
    ["rootfs:", /names no file/],
    ["oci-archive:../../etc/a.tar", /leads out of the allocation's folder; give an absolute path/],
    ["docker-archive:https://", /is no URL/],
  ] as const) {
    test(`not in ${image}`, () => assert.throws(() => parse(image, folders), { code: "config-invalid", message }));
  }

  test("no address with a password, and shows none", () => {
    assert.throws(
      () => parse("docker-archive:https://ada:s3cret@r.io/a.tar", folders),
      (error: Error) => /has a user name in its URL/.test(error.message) && !/s3cret/.test(error.message),
    );
  });
});
