import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { decodeContainerInspect } from "./container-inspect.ts";
import { decodeContainerList } from "./container-list-entry.ts";
import { decodePodmanEvent } from "./events.ts";
import { decodeExecInspect } from "./execs.ts";
import { decodeImageInspect, decodeImageList } from "./image-inspect.ts";
import { readObject, type JsonObject } from "./json-reader.ts";
import { decodePodmanInfo } from "./podman-info.ts";

function recorded(name: string): JsonObject {
  return JSON.parse(readFileSync(new URL(`../test/recorded/podman-4.3.1/${name}.json`, import.meta.url), "utf8"));
}

function nested(object: JsonObject, key: string): JsonObject {
  return readObject(object[key], key);
}

describe("answers of Podman 4.3.1", () => {
  test("a running container decodes with process, network, log and mounts", () => {
    const container = decodeContainerInspect(recorded("container-running"));
    assert.equal(container.name, "cap2");
    assert.deepEqual({ ...container.state, pid: 0, conmonPid: 0, cgroupPath: "" }, {
      status: "running",
      running: true,
      pid: 0,
      conmonPid: 0,
      exitCode: 0,
      oomKilled: false,
      error: "",
      startedAt: new Date("2026-11-23T04:27:09.717Z"),
      finishedAt: undefined,
      cgroupPath: "",
      healthStatus: "",
    });
    assert.ok(container.state.pid > 0 && container.state.conmonPid > 0);
    assert.equal(container.state.cgroupPath, `/libpod_parent/libpod-${container.id}`);
    assert.equal(container.network.networks.libpodt?.ipAddress, "10.213.0.8");
    assert.deepEqual(container.mounts, [{ type: "bind", source: "/tmp" }]);
    assert.ok(container.host.logPath.startsWith(container.staticDir));
    assert.deepEqual([container.config.entrypoint, container.config.stopSignal], [[], "15"]);
  });

  test("Go's zero time is no moment", () => {
    const { state } = decodeContainerInspect(recorded("container-created"));
    assert.deepEqual([state.status, state.startedAt, state.finishedAt, state.pid], ["created", undefined, undefined, 0]);
  });

  test("an ended container keeps its code and moments", () => {
    const { state, config, host } = decodeContainerInspect(recorded("container-exited"));
    assert.deepEqual([state.status, state.exitCode, state.pid, state.cgroupPath], ["exited", 137, 0, ""]);
    assert.deepEqual(state.finishedAt, new Date("2026-11-23T04:27:10.888Z"));
    assert.deepEqual([config.labels, config.stopSignal, host.memoryBytes], [{ x: "y" }, "10", 64 * 1024 * 1024]);
  });

  test("a list of containers in several states decodes", () => {
    const list = decodeContainerList(recorded("container-list"));
    assert.deepEqual(list.map((entry) => [entry.names[0], entry.status, entry.labels, entry.ports]), [
      ["cap1", "running", { x: "y" }, []],
      ["cap2", "running", {}, [{ hostIp: "127.0.0.1", hostPort: 18_080, count: 1, protocol: "tcp" }]],
      ["cap3", "created", {}, []],
    ]);
  });

  test("an image decodes, alone and in a list", () => {
    const image = decodeImageInspect(recorded("image"));
    const [entry] = decodeImageList(recorded("image-list"));
    assert.equal(image.id, entry?.id);
    assert.deepEqual([image.repoTags, entry?.names], [["localhost/busybox:1"], ["localhost/busybox:1"]]);
  });

  test("the engine's info decodes", () => {
    const info = decodePodmanInfo(recorded("info"));
    assert.deepEqual(
      [info.version, info.cgroupVersion, info.cgroupManager, info.rootless, info.storage.driver],
      ["4.3.1", "v1", "cgroupfs", false, "overlay"],
    );
    assert.equal(info.ociRuntime.name, "runc");
  });

  test("an exec decodes before its start and after its end", () => {
    assert.deepEqual(decodeExecInspect(recorded("exec-created")), { running: false, exitCode: 0, pid: 0 });
    assert.deepEqual(decodeExecInspect(recorded("exec-exited")), { running: false, exitCode: 0, pid: 0 });
  });

  test("every event decodes", () => {
    const lines = readFileSync(new URL("../test/recorded/podman-4.3.1/events.jsonl", import.meta.url), "utf8").trim().split("\n");
    const events = lines.map((line) => decodePodmanEvent(JSON.parse(line)));
    const end = events.find(({ at }) => at.toISOString() === "2026-11-23T04:27:10.991Z");
    assert.equal(end?.id, "d66c21d41f5d81e1d7cc60995d1e782a1759dc9d6877c788a0b0ff0d165afb6e");
  });
});

describe("other versions' shapes", () => {
  test("Podman 5 gives entrypoint and stop signal as list and name, and leaves health and networks out", () => {
    const answer = recorded("container-running");
    const container = decodeContainerInspect({
      ...answer,
      State: { ...nested(answer, "State"), Health: undefined },
      NetworkSettings: { ...nested(answer, "NetworkSettings"), Networks: undefined },
      Config: { ...nested(answer, "Config"), Entrypoint: ["/init", "--"], StopSignal: "SIGTERM", Labels: null },
    });
    const { entrypoint, stopSignal, labels } = container.config;
    assert.deepEqual([entrypoint, stopSignal, labels], [["/init", "--"], "SIGTERM", {}]);
    assert.deepEqual([container.state.healthStatus, container.network.networks], ["", {}]);
  });

  test("Podman 4 joins the entrypoint into one text", () => {
    const answer = recorded("container-running");
    assert.deepEqual(decodeContainerInspect({ ...answer, Config: { Entrypoint: "/init --" } }).config.entrypoint, ["/init --"]);
  });

  test("Podman 3 names the health check and the created state otherwise", () => {
    const answer = recorded("container-created");
    const state = { ...nested(answer, "State"), Health: undefined };
    const old = decodeContainerInspect({ ...answer, State: { ...state, Status: "configured", Healthcheck: { Status: "healthy" } } });
    assert.deepEqual([old.state.status, old.state.healthStatus], ["created", "healthy"]);
  });

  test("an unknown state is told as unknown", () => {
    const answer = recorded("container-created");
    assert.equal(decodeContainerInspect({ ...answer, State: { Status: "frozen" } }).state.status, "unknown");
  });

  test("a member of a wrong type is named", () => {
    const answer = recorded("container-running");
    assert.throws(
      () => decodeContainerInspect({ ...answer, State: { Status: "running", Pid: "12" } }),
      /container\.State\.Pid is string "12", expected a number/,
    );
    assert.throws(() => decodeContainerInspect({ ...answer, Mounts: {} }), /container\.Mounts is an object, expected a list/);
    assert.throws(() => decodeContainerInspect({}), /container\.Id is missing/);
  });
});
