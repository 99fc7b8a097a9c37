import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerListEntry, PublishedPort } from "@driver/libpod";
import { findPublisher, nameHolder } from "./explain-failure.ts";

const entry = (name: string, seconds: number, ...ports: readonly Partial<PublishedPort>[]): ContainerListEntry => ({
  id: name,
  names: [name],
  labels: {},
  status: "running",
  createdAt: new Date(seconds * 1000),
  mountPaths: [],
  ports: ports.map((port) => ({ hostIp: "127.0.0.1", hostPort: 8080, count: 1, protocol: "tcp", ...port })),
});

const rows: readonly (readonly [what: string, listed: readonly ContainerListEntry[], publisher: string | undefined])[] = [
  ["the one that has it", [entry("none", 1), entry("web", 2, {})], "web"],
  ["the one that came first, of those in one network", [entry("joined", 3, {}), entry("web", 2, {})], "web"],
  ["the one that has all addresses", [entry("web", 1, { hostIp: "" })], "web"],
  ["the one that has many", [entry("web", 1, { hostPort: 8000, count: 81 })], "web"],
  ["the one that has both protocols", [entry("web", 1, { protocol: "tcp,udp" })], "web"],
  ["nobody by its number alone", [entry("a", 1, { hostIp: "192.0.2.1" }), entry("b", 1, { protocol: "udp" })], undefined],
  ["nobody beside it", [entry("a", 1, { hostPort: 8000, count: 80 }), entry("b", 1, { hostPort: 8081 })], undefined],
];
for (const [what, listed, publisher] of rows) {
  test(`a port is told to have been published by ${what}`, () =>
    assert.equal(findPublisher(listed, { protocol: "tcp", host: "127.0.0.1", port: 8080 })?.id, publisher));
}

test("a port is told to be had by the container for which Podman's own process has it", async () => {
  const podman = { pid: 7, command: "podman", container: undefined };
  const web = (): Promise<string> => Promise.resolve("container web");
  const nobody = (): Promise<undefined> => Promise.resolve(undefined);
  assert.equal(await nameHolder(podman, web), "container web");
  assert.equal(await nameHolder(podman, nobody), "process 7 (podman)");
  assert.equal(await nameHolder({ ...podman, command: "nginx" }, web), "process 7 (nginx)");
  assert.equal(await nameHolder({ ...podman, container: "db" }, web), "container db");
  assert.deepEqual([await nameHolder(undefined, web), await nameHolder(undefined, nobody)], ["container web", undefined]);
});
