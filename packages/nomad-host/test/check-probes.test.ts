import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import type { Server } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { text } from "node:stream/consumers";

import type { ServiceCheck } from "../src/job/job.ts";
import type { CheckFinding, PlannedCheck } from "../src/run/checks/planned-check.ts";
import { probeEndpoint, probeScript } from "../src/run/checks/probe-check.ts";
import { createJobFolder } from "./job/job-text.ts";
import { plannedCheck, sampleCheck } from "./sample-check.ts";

const never = new AbortController().signal;

async function listen(server: Server): Promise<AsyncDisposable & { readonly port: number }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const closed = once(server, "close");
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      server.close();
      await closed;
    },
  };
}

function probe(check: PlannedCheck, port: number, signal = never): Promise<CheckFinding> {
  const ports = [{ label: "http", hostIp: "127.0.0.1", hostPort: port, to: 0 }];
  return probeEndpoint(check, { ports, allocAddress: undefined, driverNetwork: undefined }, signal);
}

/** What a server that answers by `answer` makes of a check, and what it was asked. */
async function askHttpServer(
  check: Partial<ServiceCheck>,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  provider: "consul" | "nomad" = "nomad",
): Promise<{ readonly finding: CheckFinding; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  await using server = await listen(
    createServer((request, response) => {
      const { method, url, headers } = request;
      void text(request).then((body) => {
        asked.push([method, url, headers.host, headers["user-agent"], headers["x-a"], body].join(" ").trimEnd());
        answer(request, response);
      });
    }),
  );
  const finding = await probe(plannedCheck(sampleCheck("http", check), { provider }), server.port);
  return { finding, asked: asked.map((line) => line.replaceAll(`:${server.port}`, ":PORT")) };
}

test("a check over HTTP sends method, path, headers and body", async () => {
  const headers = { "X-A": ["1", "2"], Host: ["example.org"], "User-Agent": ["me"] };
  const check = { method: "POST", path: "/up?x=1", headers, body: "hello" };
  const { finding, asked } = await askHttpServer(check, (_, response) => response.end("fine"));
  assert.deepEqual(asked, ["POST /up?x=1 example.org me 1, 2 hello"]);
  assert.deepEqual(finding, { status: "passing", output: "http ok" });
});

test("a check over HTTP says who asks, and keeps the start of a bad answer", async () => {
  const { finding, asked } = await askHttpServer({}, (_, response) => response.writeHead(503).end("x".repeat(10_000)));
  assert.deepEqual(asked, ["GET / 127.0.0.1:PORT nomad-driver-podman"]);
  assert.deepEqual(finding, { status: "critical", output: `HTTP 503: ${"x".repeat(3 * 1024)}` });
});

test("a check over HTTP follows a redirection as Nomad's client does", async () => {
  const answer = ({ url }: IncomingMessage, response: ServerResponse): void =>
    void (url === "/" ? response.writeHead(302, { location: "/there" }).end() : response.writeHead(404).end());
  const { finding, asked } = await askHttpServer({ method: "POST", body: "b" }, answer);
  assert.deepEqual(asked, ["POST / 127.0.0.1:PORT nomad-driver-podman  b", "GET /there 127.0.0.1:PORT nomad-driver-podman"]);
  assert.equal(finding.status, "critical");
});

for (const [provider, count] of [
  ["nomad", 1],
  ["consul", 2],
] as const)
  test(`a redirection that keeps the method is ${count === 1 ? "an answer to" : "followed by"} ${provider}`, async () => {
    const answer = ({ url }: IncomingMessage, response: ServerResponse): void =>
      void (url === "/" ? response.writeHead(307, { location: "/there" }).end() : response.end());
    const { finding, asked } = await askHttpServer({}, answer, provider);
    assert.deepEqual([finding.status, asked.length], ["passing", count]);
  });

test("an answer that does not come in time is a failure, and an abort is none", async () => {
  await using server = await listen(createTcpServer((socket) => socket.on("error", () => undefined).resume()));
  const late = plannedCheck(sampleCheck("http", { timeoutMs: 50 }));
  assert.deepEqual(await probe(late, server.port), { status: "critical", output: "no answer within 0.05 s" });
  const stop = new AbortController();
  const probing = probe(plannedCheck(sampleCheck("http")), server.port, stop.signal);
  stop.abort(new Error("over"));
  await assert.rejects(probing, /^Error: over$/);
});

test("a certificate that nobody signed is a failure, unless tls_skip_verify says otherwise", async () => {
  await using folder = await createJobFolder();
  const [key, certificate] = [join(folder.path, "key.pem"), join(folder.path, "certificate.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const program = "openssl";
  const files = ["-keyout", key, "-out", certificate];
  execFileSync(program, ["req", "-x509", ...curve, "-nodes", "-days", "2", "-subj", "/CN=x", ...files], { stdio: "ignore" });
  const identity = { key: readFileSync(key), cert: readFileSync(certificate) };
  await using server = await listen(createHttpsServer(identity, (_, response) => response.end()));
  const findings = await Promise.all(
    [false, true].map((isInsecure) => probe(plannedCheck(sampleCheck("http", { protocol: "https", isInsecure })), server.port)),
  );
  assert.deepEqual(
    findings.map(({ status }) => status),
    ["critical", "passing"],
  );
  assert.match(findings[0]?.output ?? "", /^self-signed certificate/);
});

test("a check over TCP wants a connection", async () => {
  const check = plannedCheck(sampleCheck("tcp"));
  const server = await listen(createTcpServer((socket) => socket.on("error", () => undefined).resume()));
  assert.deepEqual(await probe(check, server.port), { status: "passing", output: "tcp ok" });
  await server[Symbol.asyncDispose]();
  assert.deepEqual(await probe(check, server.port), { status: "critical", output: `connect ECONNREFUSED 127.0.0.1:${server.port}` });
});

test("a name with several addresses that all refuse says each of them", async () => {
  const server = await listen(createTcpServer());
  await server[Symbol.asyncDispose]();
  const { status, output } = await probe(plannedCheck(sampleCheck("tcp", { portLabel: String(server.port) })), 0);
  assert.equal(status, "critical");
  assert.match(output, /^connect ECONNREFUSED (127\.0\.0\.1|::1):\d+/);
});

/** Serves gRPC's health protocol: the answer by the service's name. */
function healthServer(answers: Readonly<Record<string, readonly [status: string, state?: number]>>): Server {
  const server = createHttp2Server();
  server.on("stream", (stream: ServerHttp2Stream, { ":path": path }: IncomingHttpHeaders) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const body = Buffer.concat(chunks);
      const name = body.readUInt32BE(1) === 0 ? "" : body.subarray(7).toString();
      const [status, state] = path === "/grpc.health.v1.Health/Check" ? (answers[name] ?? ["5"]) : ["12"];
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status, "grpc-message": status === "0" ? "" : "no%20such" }));
      stream.end(state === undefined ? undefined : Buffer.from([0, 0, 0, 0, 2, 8, state]));
    });
  });
  return server;
}

const answers = { "": ["0", 1], down: ["0", 2] } as const;

for (const [service, wanted] of [
  ["", { status: "passing", output: "grpc ok" }],
  ["down", { status: "critical", output: "the server says NOT_SERVING" }],
  ["strange", { status: "critical", output: "gRPC status 5: no such" }],
] as const)
  test(`a check over gRPC of the service "${service}" is ${wanted.status}`, async () => {
    await using server = await listen(healthServer(answers));
    assert.deepEqual(await probe(plannedCheck(sampleCheck("grpc", { grpcService: service }), { provider: "consul" }), server.port), wanted);
  });

test("a check over gRPC at a server of something else fails", async () => {
  await using server = await listen(createServer((_, response) => response.end("no")));
  const { status } = await probe(plannedCheck(sampleCheck("grpc", { timeoutMs: 2_000 }), { provider: "consul" }), server.port);
  assert.equal(status, "critical");
});

/** What a script in a task that runs for real comes to. */
function runScript(output: { readonly stdout?: string; readonly stderr?: string; readonly exitCode: number }): Promise<CheckFinding> {
  const check = plannedCheck(sampleCheck("script", { command: "sh", args: ["-c", "${A}"] }), {}, new Map([["A", "exit 3"]]));
  assert.deepEqual([check.command, ...check.args], ["sh", "-c", "exit 3"]);
  const { stdout = "", stderr = "", exitCode } = output;
  const result = { exitCode, signal: 0, oomKilled: false };
  const execTask = () => Promise.resolve({ stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), result });
  return probeScript(check, { session: { execTask }, taskId: "t" }, never);
}

test("a script is judged by its exit code, and its output is kept", async () => {
  assert.deepEqual(await runScript({ stdout: "all well\n", exitCode: 0 }), { status: "passing", output: "all well" });
  assert.deepEqual(await runScript({ stdout: "a\n", stderr: "b\n", exitCode: 1 }), { status: "warning", output: "a\nb" });
  assert.deepEqual(await runScript({ exitCode: 7 }), { status: "critical", output: "exit code 7" });
});
