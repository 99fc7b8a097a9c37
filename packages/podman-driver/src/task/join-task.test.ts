import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerInspect } from "@driver/libpod";
import { plainTask } from "@driver/testing";
import { JoinWaits } from "../join-waits.ts";
import { ownLabels } from "../topics/labels/labels-topic.ts";
import { checkJoined, findTaskContainer, type JoinContext } from "./join-task.ts";

const task = plainTask();
const need = { kind: "task-namespace", key: "network_mode", what: "network", taskName: "db", container: "db-1" } as const;
const never = new AbortController().signal;

/** Only what a join is judged by. */
function container(status: string, labels: Readonly<Record<string, string>> = { [ownLabels.allocId]: task.allocId }): ContainerInspect {
  return { id: `id of ${status}`, state: { status }, config: { labels }, mounts: [] } as unknown as ContainerInspect;
}

/** A Podman that shows these states one after the other, and the last from then on. */
function context(...states: readonly (ContainerInspect | undefined)[]): JoinContext & { readonly told: readonly string[] } {
  const [told, left] = [[] as string[], [...states]];
  const services = { joinWaits: new JoinWaits() };
  const look = (): Promise<ContainerInspect | undefined> => Promise.resolve(left.length > 1 ? left.shift() : left[0]);
  return { task, services, told, look, emit: (message) => told.push(message) };
}

test("joins a task that runs without a word", async () => {
  const given = context(container("running"));
  assert.deepEqual([await findTaskContainer(need, given, never), given.told], ["id of running", []]);
});

test("waits for a task that is not there yet, is being made, or has ended, and says so once", async () => {
  const given = context(undefined, container("created"), container("exited"), container("paused"));
  assert.deepEqual(
    [await findTaskContainer(need, given, never), given.told],
    ["id of paused", ['Waiting for task "db", whose network this task joins']],
  );
});

for (const [seen, state] of [[undefined, "there is no container db-1"], [container("exited"), "its container db-1 is exited"]] as const) {
  test(`gives up in time, with another try on offer, when ${state}`, async () => {
    const message =
      `config key network_mode: "task:db" names a task of this allocation that does not run: ${state}; name a task of the same ` +
      "group that runs as long as this one";
    await assert.rejects(findTaskContainer(need, context(seen), never, 250), { message, recoverable: true });
    await assert.rejects(checkJoined(need, "id", context(seen)), { message, recoverable: true });
  });
}

test("does not wait for the container of another allocation", async () => {
  const message = /it is task db of allocation other; name a task of the same group$/;
  await assert.rejects(
    findTaskContainer(need, context(container("exited", { [ownLabels.allocId]: "other", [ownLabels.taskName]: "db" })), never),
    { message, recoverable: true },
  );
});

test("stops waiting when the start is broken off", async () => {
  const stop = new AbortController();
  const waiting = findTaskContainer(need, context(undefined), stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
});

test("refuses tasks that wait for each other, and lets one wait that waits for them alone", async () => {
  const services = { joinWaits: new JoinWaits() };
  const stop = new AbortController();
  const join = (name: string, other: string): Promise<string> => {
    const joining = { ...context(undefined), services, task: { ...task, name } };
    const wanted = { ...need, taskName: other, container: `${other}-${task.allocId}` };
    return findTaskContainer(wanted, joining, stop.signal, 60_000);
  };
  const waiting = ["d", "b", "c"].map((name, index) => assert.rejects(join(name, ["a", "c", "a"][index] ?? ""), /enough/));
  // Each of them has looked once.
  await new Promise((resolve) => setImmediate(resolve));
  const message =
    'config key network_mode: "task:b" cannot be joined, since these tasks wait for each other: "a" waits for "b" waits for "c" waits ' +
    'for "a"; have one of them start without another\'s namespaces';
  await assert.rejects(join("a", "b"), { message, code: "config-invalid", recoverable: false });
  stop.abort(new Error("enough"));
  await Promise.all(waiting);
  assert.equal(services.joinWaits.findCircle(`b-${task.allocId}`), undefined);
});
