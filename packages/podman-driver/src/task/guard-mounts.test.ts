import assert from "node:assert/strict";
import { test } from "node:test";
import { findExchanged } from "./guard-mounts.ts";

const line = (id: number, device: string, root: string, mountPoint: string): string =>
  `${id} 1 ${device} ${root} ${mountPoint} rw - ext4 /dev/x rw`;
const mountinfo = [
  line(1, "0:40", "/", "/"),
  line(2, "8:1", "/alloc/web/local", "/local"),
  line(3, "8:1", "/srv/a", "/x"),
  line(4, "8:1", "/srv/a", "/y"),
].join("\n");
const expect = (
  destination: string,
  root: string,
  device = "8:1",
): { readonly destination: string; readonly source: { readonly device: string; readonly root: string } } => ({
  destination,
  source: { device, root },
});

test("mounts that are what was judged are left alone, wherever the image has moved them to", () => {
  assert.deepEqual(findExchanged(mountinfo, [expect("/local", "/alloc/web/local"), expect("/var/run/x", "/srv/a")]), []);
});

test("a mount of something else is found", () => {
  assert.deepEqual(
    findExchanged(mountinfo, [expect("/x", "/srv/b"), expect("/local", "/alloc/web/local"), expect("/y", "/srv/a", "8:2")]),
    ["/x", "/y"],
  );
});

test("one mount does not count for two", () => {
  assert.deepEqual(findExchanged(mountinfo, [expect("/x", "/srv/a"), expect("/y", "/srv/a"), expect("/z", "/srv/a")]), ["/z"]);
});
