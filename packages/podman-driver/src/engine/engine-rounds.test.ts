import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordedLog, until } from "@driver/testing";
import { EngineRounds } from "./engine-rounds.ts";

const engines = [{ socketPath: "/a.sock" }, { socketPath: "/b.sock" }];

test("looks at all engines again and again, also when one of them fails, and says once which", async () => {
  const looks: string[] = [];
  const log = new RecordedLog();
  const rounds = new EngineRounds({
    subject: "lost things",
    engines,
    pauseMs: 1,
    look: ({ socketPath }) => {
      looks.push(socketPath);
      return socketPath === "/a.sock" ? Promise.reject(new Error("away")) : Promise.resolve();
    },
    logger: log.logger,
  });
  await until(() => looks.length >= 6);
  await rounds.close();
  assert.deepEqual(looks.slice(0, 4), ["/a.sock", "/b.sock", "/a.sock", "/b.sock"]);
  assert.deepEqual(log.at("warn"), ["lost things cannot be looked for: Error: away"]);
  assert.ok(log.at("debug").length > 0 && log.lines.every(({ fields }) => fields["socket"] === "/a.sock"));
});

test("leaves out the rounds that are not due", async () => {
  let [asked, looks, isDue] = [0, 0, false];
  const rounds = new EngineRounds({
    subject: "lost things",
    engines,
    pauseMs: 1,
    isDue: () => {
      asked += 1;
      return isDue;
    },
    look: () => Promise.resolve(void (looks += 1)),
    logger: new RecordedLog().logger,
  });
  await until(() => asked >= 3);
  assert.equal(looks, 0);
  isDue = true;
  await until(() => looks >= 2);
  await rounds.close();
});

test("ends a look that is under way, says nothing of it, and has ended when it is closed", async () => {
  const log = new RecordedLog();
  const begun = Promise.withResolvers<void>();
  let hasEnded = false;
  const rounds = new EngineRounds({
    subject: "lost things",
    engines: engines.slice(0, 1),
    pauseMs: 1,
    look: async (_engine, signal) => {
      begun.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      hasEnded = true;
      throw signal.reason;
    },
    logger: log.logger,
  });
  await begun.promise;
  await rounds.close();
  assert.deepEqual([hasEnded, log.lines], [true, []]);
});
