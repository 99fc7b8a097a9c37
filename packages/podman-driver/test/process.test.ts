import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { DriverRig, until } from "@driver/testing";
import { inspectOf } from "./inspect-of.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

test("runs an init as PID 1 that reaps what the task leaves", async () => {
  const zombies = "'^State:.*zombie' /proc/[0-9]*/status";
  const untilReaped = `i=0; while grep -q ${zombies} && [ $i -lt 100 ]; do i=$((i+1)); sleep 0.1; done`;
  const script =
    `tr '\\0' ' ' < /proc/1/cmdline; echo; (sleep 0 &) ; sleep 0.2; ${untilReaped}; grep -l ${zombies} || echo no zombies`;
  const output = await DriverRig.outputOf(script, { config: { init: true } });
  assert.match(output, /^\S*(?:podman-init|catatonit|\/dev\/init) -- sh .*\nno zombies\n$/);
});

test("runs another init where the task names one", async () => {
  const output = await DriverRig.outputOf("tr '\\0' ' ' < /proc/1/cmdline", { config: { init: true, init_path: "/usr/bin/catatonit" } });
  assert.match(output, /-- sh -c/);
  await using rig = await DriverRig.start();
  await assert.rejects(rig.runScript("true", { config: { init: true, init_path: "/no/such/init" } }), /\/no\/such\/init/);
});

test("gives the task a terminal, and keeps its standard input open", async () => {
  await using rig = await DriverRig.start();
  const script = "test -t 0 && test -t 1 && echo terminal; echo to stderr >&2";
  const withTerminal = await rig.runScript(script, { config: { tty: true } });
  await rig.driver.waitTask(withTerminal.config.id, soon());
  assert.equal((await withTerminal.stdout.whole()).toString(), "terminal\r\nto stderr\r\n");
  const closed = await rig.runScript("cat; echo end of input");
  await rig.driver.waitTask(closed.config.id, soon());
  assert.equal((await closed.stdout.whole()).toString(), "end of input\n");
  const open = await rig.runScript("readlink /proc/self/fd/0; cat; echo end of input", { config: { interactive: true } });
  await open.stdout.until((text) => text.endsWith("\n"));
  const ended = await rig.driver.waitTask(open.config.id, AbortSignal.timeout(1500)).then(() => "ended", () => "still reads");
  assert.equal(ended, "still reads");
  await rig.driver.stopTask(open.config.id, { timeoutMs: 0, killSignal: "" }, soon());
  assert.match((await open.stdout.whole()).toString(), /^pipe:\S+\n$/);
});

test("asks a task to end with the signal that its config names", async () => {
  await using rig = await DriverRig.start();
  const script = "trap 'echo interrupted; exit 7' INT; trap 'echo terminated; exit 8' TERM; echo ready; while true; do sleep 0.1; done";
  const task = await rig.runScript(script, { config: { stop_signal: "SIGINT", stop_timeout: 3 } });
  await task.stdout.until((text) => text.includes("ready"));
  assert.equal((await inspectOf(task)).config.stopTimeoutSeconds, 3);
  await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
  const { exitCode } = await rig.driver.waitTask(task.config.id, soon());
  assert.deepEqual([exitCode, (await task.stdout.whole()).toString()], [7, "ready\ninterrupted\n"]);
});

test("gives the task its time zone, its umask and a working directory that Docker would make", async () => {
  const output = await DriverRig.outputOf("umask; pwd; md5sum < /etc/localtime", {
    config: { umask: "0027", work_dir: "/made/for/it", timezone: "Europe/Paris" },
  });
  const zone = createHash("md5").update(await readFile("/usr/share/zoneinfo/Europe/Paris")).digest("hex");
  assert.equal(output, `0027\n/made/for/it\n${zone}  -\n`);
});

test("writes the lines of a task into its hosts file", async () => {
  const output = await DriverRig.outputOf("cat /etc/hosts; ping -c 1 -W 1 nowhere.test 2>&1 | head -1", {
    config: { network_mode: "bridge", extra_hosts: ["db.test;db2.test:192.0.2.10", "six.test:[2001:db8::6]", "nowhere.test:127.0.0.1"] },
  });
  assert.match(output, /^192\.0\.2\.10\s+db\.test$/m);
  assert.match(output, /^192\.0\.2\.10\s+db2\.test$/m);
  assert.match(output, /^2001:db8::6\s+six\.test$/m);
  assert.match(output, /^PING nowhere\.test \(127\.0\.0\.1\)/m);
});

test("gives the task its own resolver", async () => {
  const config = { network_mode: "bridge", dns_servers: ["192.0.2.53"], dns_search_domains: ["own.test"], dns_options: ["ndots:4"] };
  const output = await DriverRig.outputOf("cat /etc/resolv.conf", { config });
  assert.match(output, /^nameserver 192\.0\.2\.53$/m);
  assert.match(output, /^search own\.test/m);
  assert.match(output, /^options .*ndots:4/m);
});

test("publishes the ports of a group by port_map, and tells the task and Nomad of them", async () => {
  await using rig = await DriverRig.start();
  const ports = [{ label: "http", hostPort: 18_081, to: 0, hostIp: "127.0.0.1" }];
  const script = "echo served $NOMAD_PORT_http > /tmp/index.html; exec httpd -f -p $NOMAD_PORT_http -h /tmp";
  const task = await rig.prepare({
    config: { network_mode: "bridge", port_map: [{ http: 8081 }], command: "sh", args: ["-c", script] },
    resources: { ports },
    env: { NOMAD_PORT_http: "18081" },
  });
  const started = await rig.startTask(task);
  assert.deepEqual(started.network?.portMap, { http: 8081 });
  let text = "";
  await until(async () => (text = await fetch("http://127.0.0.1:18081/").then((answer) => answer.text(), () => "")) !== "");
  assert.equal(text, "served 8081\n");
});
