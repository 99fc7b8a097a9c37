import assert from "node:assert/strict";
import { test } from "node:test";
import { DriverRig } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

for (const code of [0, 1, 3, 137]) {
  test(`reports exit code ${code}`, async () => {
    await using rig = await DriverRig.start();
    const task = await rig.runScript(`exit ${code}`);
    const result = await rig.driver.waitTask(task.config.id, soon());
    assert.equal(result.exitCode, code, `${JSON.stringify(result)} ${rig.log}`);
    assert.equal(result.signal, code === 137 ? 9 : 0);
    assert.equal(result.error ?? "", "");
  });
}

test("keeps stdout and stderr apart, byte for byte", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("printf 'out1\\nout2'; printf 'err1\\nerr2' >&2");
  await rig.driver.waitTask(task.config.id, soon());
  assert.equal((await task.stdout.whole()).toString(), "out1\nout2");
  assert.equal((await task.stderr.whole()).toString(), "err1\nerr2");
});
