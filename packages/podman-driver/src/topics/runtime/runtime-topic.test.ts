import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerInspect } from "@driver/libpod";
import { planOf } from "../../../test/plan-of.ts";

describe("the OCI runtime", () => {
  for (const key of ["runtime", "oci_runtime"]) {
    test(`that ${key} names is asked for, and what Podman has made is looked at`, () => {
      const { spec, findShortfalls } = planOf({ config: { [key]: "kata" }, facts: { version: "6.1.1" } });
      assert.equal(spec.oci_runtime, "kata");
      const find = findShortfalls ?? assert.fail("nobody looks");
      assert.deepEqual(find({ ociRuntime: "kata" } as ContainerInspect), []);
      // Podman up to 5.8 takes its own and says nothing.
      assert.deepEqual(find({ ociRuntime: "crun" } as ContainerInspect), [
        { key, wanted: "the OCI runtime kata", got: "a container of crun", isFatal: true },
      ]);
    });
  }

  test("is Podman's own where the task names none", () => {
    const { spec, findShortfalls } = planOf();
    assert.deepEqual([spec.oci_runtime, findShortfalls], [undefined, undefined]);
  });
});
