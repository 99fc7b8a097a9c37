import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startEngine, until } from "@driver/testing";
import { ImageRig } from "./image-rig.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

test("an image that two engines have is told of by a dry run for each, and goes where no task has it", async () => {
  await using engine = await startEngine({ folder: "/run/other-clean-up-engine" }, soon());
  await using images = await ImageRig.start();
  await images.registry.publish("two:1");
  const image = images.at("two:1");
  const sockets = {
    socket_path: null,
    socket: [
      { name: "default", socket_path: `unix://${images.socketPath}` },
      { name: "other", socket_path: `unix://${engine.socketPath}` },
    ],
  };
  const gc = { image: true, image_delay: "1s" };
  await images.setConfig({ ...sockets, gc: { ...gc, image_dry_run: true } });
  await Promise.all([images.run(image), images.run(image, { socket: "other" })]);
  const lines = (): readonly string[] => images.rig.log.split("\n").filter((line) => line.includes("would be removed"));
  for (const path of [images.socketPath, engine.socketPath]) await until(() => lines().some((line) => line.includes(path)));
  const task = await images.prepare(image, { args: ["-c", "sleep 600"], socket: "other" });
  await images.rig.startTask(task);
  await images.setConfig({ ...sockets, gc });
  const others = async (): Promise<string> => (await engine.run(["images", "--quiet"])).stdout;
  await until(async () => (await images.imageId(image)) === undefined);
  await sleep(3000);
  assert.notEqual(await others(), "");
  await images.rig.driver.destroyTask(task.config.id, { force: true }, soon());
  await until(async () => (await others()) === "");
});
