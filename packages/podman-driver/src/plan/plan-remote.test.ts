import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, type Wishes } from "../../test/plan-of.ts";

const far = (wishes: Wishes = {}): ReturnType<typeof planOf> => planOf({ ...wishes, facts: { isRemote: true, ...wishes.facts } });

test("each task of a Podman on another host is told what that means", () => {
  const about = (notices: readonly string[]): readonly string[] => notices.filter((text) => text.includes("on another host"));
  assert.equal(about(far({ config: { logging: { driver: "none" } } }).notices).length, 1);
  assert.deepEqual(about(planOf().notices), []);
});

test("output is refused that would lie on the other host", () => {
  const refusal = { code: "unsupported", message: /logging\.driver: keeps the output in a file of Podman's host/ };
  assert.throws(() => far(), refusal);
  assert.throws(() => far({ config: { logging: { driver: "k8s-file" } } }), refusal);
  far({ config: { logging: { driver: "journald" } } });
});

test("the network of a group on this host is refused", () => {
  const networkIsolation = { mode: "group", path: "/run/netns/one", labels: {} } as const;
  assert.throws(() => far({ config: { logging: { driver: "none" } }, task: { networkIsolation } }), {
    code: "unsupported",
    message: /socket: chooses a Podman on another host, and the group's network is one of this host/,
  });
});

test("of a path that the other host does not have it is said that it must be there", () => {
  const { explain } = far({ config: { logging: { driver: "none" } } });
  assert.match(explain("statfs /var/lib/nomad/alloc/1: no such file or directory")?.text ?? "", /must be under the same path/);
  assert.equal(explain("image not known"), undefined);
  assert.equal(planOf().explain("statfs /x: no such file or directory"), undefined);
});
