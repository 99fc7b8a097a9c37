import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";

import { RunError } from "../run-error.ts";
import { PortAllocator } from "./allocate-ports.ts";
import { probePort } from "./probe-port.ts";

const position = { line: 3, column: 7 };
const hostIp = "127.0.0.1";

test("gives static ports as they are and dynamic ones from the range, with their mapping", async () => {
  const ports = new PortAllocator({ hostIp, firstPort: 100, lastPort: 103, probe: () => Promise.resolve("free"), random: () => 0 });
  const wanted = [
    { label: "dynamic", position },
    { label: "mapped", to: 8080, position },
    { label: "static", static: 100, position },
    { label: "same", to: -1, position },
  ];
  assert.deepEqual(await ports.allocate(wanted), [
    { label: "dynamic", hostPort: 101, to: 0, hostIp },
    { label: "mapped", hostPort: 102, to: 8080, hostIp },
    { label: "static", hostPort: 100, to: 0, hostIp },
    { label: "same", hostPort: 103, to: 103, hostIp },
  ]);
});

test("goes round the range, past ports that are taken, and says when it is full", async () => {
  const probe = (_ip: string, port: number) => Promise.resolve(port === 102 ? "EADDRINUSE" : "free");
  const ports = new PortAllocator({ hostIp, firstPort: 100, lastPort: 102, probe, random: () => 0.9 });
  const [first, second] = await ports.allocate([
    { label: "a", position },
    { label: "b", position },
  ]);
  assert.deepEqual([first?.hostPort, second?.hostPort], [100, 101]);
  await assert.rejects(ports.allocate([{ label: "c", position }]), /^RunError: port "c": no port of 100–102 is free on 127\.0\.0\.1$/);
});

test("a host network has an address and ports of its own", async () => {
  const networks = new Map([["lan", "10.0.0.3"]]);
  const probe = () => Promise.resolve("free");
  const ports = new PortAllocator({ hostIp, networks, firstPort: 100, lastPort: 101, probe, random: () => 0 });
  const wanted = [
    { label: "a", static: 80, position },
    { label: "b", static: 80, hostNetwork: "lan", position },
    { label: "c", hostNetwork: "lan", position },
    { label: "d", hostNetwork: "default", position },
  ];
  assert.deepEqual(
    (await ports.allocate(wanted)).map((port) => `${port.label} ${port.hostIp}:${port.hostPort}`),
    ["a 127.0.0.1:80", "b 10.0.0.3:80", "c 10.0.0.3:100", "d 127.0.0.1:100"],
  );
  await assert.rejects(
    ports.allocate([{ label: "e", hostNetwork: "wan", position }]),
    /^RunError: port "e": there is no host_network "wan"; give its range with -host-network wan=CIDR$/,
  );
});

const refusals: readonly (readonly [string, RegExp])[] = [
  ["EADDRINUSE", /port "http": 80 on 127\.0\.0\.1 is in use by another process/],
  ["EACCES", /may not be bound by this user/],
  ["EADDRNOTAVAIL", /this machine does not have the address/],
  ["EIO", /is not free: EIO/],
];

for (const [reason, message] of refusals) {
  test(`a static port with ${reason} is refused with label, number and place`, async () => {
    const ports = new PortAllocator({ hostIp, probe: () => Promise.resolve(reason) });
    await assert.rejects(ports.allocate([{ label: "http", static: 80, position }]), (error) => {
      assert(error instanceof RunError);
      assert.match(error.message, message);
      assert.deepEqual([error.code, error.position], ["port-unavailable", position]);
      return true;
    });
  });
}

test("two ports of a job cannot have the same number", async () => {
  const ports = new PortAllocator({ hostIp, probe: () => Promise.resolve("free") });
  await ports.allocate([{ label: "one", static: 80, position }]);
  await assert.rejects(
    ports.allocate([{ label: "two", static: 80, position }]),
    /port "two": 80 on .* is not free: port "one" of this job has it/,
  );
});

test("a port that another process listens on is not free, and is afterwards", async () => {
  const server = createServer();
  server.listen(0, hostIp);
  await once(server, "listening");
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  assert.equal(await probePort(hostIp, address.port), "EADDRINUSE");
  server.close();
  await once(server, "close");
  assert.equal(await probePort(hostIp, address.port), "free");
});
