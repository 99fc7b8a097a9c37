import assert from "node:assert/strict";
import { test } from "node:test";
import { imageCleanUpDefaults, resolveImageCleanUp } from "./image-clean-up-policy.ts";
import { reportAll } from "./report.ts";

type Options = Parameters<typeof resolveImageCleanUp>[0];
const resolve = (options: Options): ReturnType<typeof resolveImageCleanUp> =>
  reportAll((report) => resolveImageCleanUp(options, report));
const on = { ...imageCleanUpDefaults, image: true };

test("removes no image unless the operator says so", () => assert.equal(resolve(imageCleanUpDefaults), undefined));

test("waits as long as Nomad's Docker driver, and takes its own alone", () => {
  assert.deepEqual(resolve(on), { delayMs: 180_000, keep: [], takesOthers: false, water: undefined, dryRun: false });
});

test("stops ten percent below the high water mark, or where it is told", () => {
  assert.deepEqual(resolve({ ...on, image_high_water: 85 })?.water, { high: 85, low: 75 });
  assert.deepEqual(resolve({ ...on, image_high_water: 85, image_low_water: 20 })?.water, { high: 85, low: 20 });
  assert.deepEqual(resolve({ ...on, image_high_water: 85, image_low_water: 0 })?.water, { high: 85, low: 0 });
  assert.equal(resolve({ ...on, image_high_water: 0, image_low_water: 0 })?.water, undefined);
  assert.deepEqual(resolve({ ...on, image_high_water: 5 })?.water, { high: 5, low: 0 });
});

for (const [options, message] of [
  [{ image_delay: "soon" }, /gc\.image_delay: "soon" is not a duration/],
  [{ image_low_water: 10 }, /gc\.image_high_water: is missing/],
  [{ image_high_water: 101 }, /gc\.image_high_water: 101 is no percentage/],
  [{ image_high_water: -1 }, /gc\.image_high_water: -1 is no percentage/],
  [{ image_high_water: 50, image_low_water: 50 }, /gc\.image_low_water: 50 is not below gc\.image_high_water \(50\)/],
] as const) {
  test(`refuses ${JSON.stringify(options)}`, () =>
    assert.throws(() => resolve({ ...on, ...options }), { code: "config-invalid", message }));
}
