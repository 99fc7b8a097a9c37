import assert from "node:assert/strict";
import { test } from "node:test";
import { fits, joinName, toPlatform, toPlatformName, toPlatformText, toPulledNames } from "./platform.ts";

test("is none without a part, and takes the kernel's names of architectures", () => {
  assert.equal(toPlatform({ arch: "", os: undefined }), undefined);
  assert.deepEqual(toPlatform({ arch: "aarch64", variant: "v8" }), { architecture: "arm64", os: "", variant: "v8" });
  assert.deepEqual(toPlatform({ os: "linux" }), { architecture: "", os: "linux", variant: "" });
});

test("fits an image whose parts are the same, where they are asked for", () => {
  const image = { architecture: "arm64", os: "linux" };
  const platform = { architecture: "", os: "", variant: "" };
  assert.deepEqual(
    [platform, { ...platform, architecture: "arm64" }, { ...platform, architecture: "amd64" }, { ...platform, os: "windows" }].map((one) =>
      fits(image, one),
    ),
    [true, true, false, false],
  );
});

test("has a name of its own for each image and platform", () => {
  const platform = { architecture: "arm64", os: "", variant: "v8" };
  assert.equal(toPlatformText(platform), "*/arm64/v8");
  assert.match(joinName(toPlatformName("r.io/x:1", platform)), /^localhost\/nomad-driver-podman\/platform-[0-9a-f]{16}:any-arm64-v8$/);
  assert.notEqual(toPlatformName("r.io/x:1", platform).repository, toPlatformName("r.io/x:2", platform).repository);
});

test("finds the names that a pull moves", () => {
  const image = { repoTags: ["docker.io/library/x:latest", "r.io:5000/x:1", "r.io:5000/y:1", "r.io:5000/xx:1"] };
  const namesOf = (reference: string): readonly string[] => toPulledNames(reference, image).map(joinName);
  assert.deepEqual(namesOf("r.io:5000/x:1"), ["r.io:5000/x:1"]);
  assert.deepEqual(namesOf("x:1"), ["r.io:5000/x:1"]);
  assert.deepEqual(namesOf("x"), ["docker.io/library/x:latest"]);
  assert.deepEqual(namesOf("r.io:5000/x@sha256:00"), []);
});
