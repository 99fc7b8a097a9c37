// node bench/bare-streams.ts: what a bare Node takes that holds the streams of 50, 200 and 1200 tasks, two each, and writes a sample to
// one of the two each second by one timer: the least that a plugin on node:http2 can come to (docs/decisions/0025). No Podman, no driver.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type ClientHttp2Session, type ServerHttp2Stream } from "node:http2";
import { connect as connectSocket, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readAnonymousMb, readCpuSeconds } from "./process-usage.ts";

const sampleBytes = 150;
const windowMs = 20_000;
const [role, socketPath = ""] = process.argv.slice(2);

if (role === "serve") serve(socketPath);
else await measure();

function serve(path: string): void {
  const listeners = new Set<ServerHttp2Stream>();
  const server = createServer({ settings: { maxConcurrentStreams: 0xffff_ffff } });
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    stream.on("data", () => undefined).on("error", () => undefined);
    if (headers[":path"] !== "/stats") return;
    stream.respond({ ":status": 200 });
    listeners.add(stream);
  });
  server.listen(path);
  setInterval(() => {
    for (const stream of listeners) stream.write(Buffer.allocUnsafe(sampleBytes));
  }, 1000);
}

async function measure(): Promise<void> {
  // Here alone: the one that is measured loads nothing that it can do without.
  const { execArgv } = await import("../scripts/build.ts");
  const folder = mkdtempSync(join(tmpdir(), "bare-"));
  const path = join(folder, "socket");
  const child = spawn(process.execPath, [...execArgv, "--disable-warning=ExperimentalWarning", import.meta.filename, "serve", path], {
    stdio: "inherit",
  });
  const pid = child.pid ?? 0;
  await sleep(2000);
  const session = connect("http://localhost", { createConnection: (): Socket => connectSocket(path), settings: { enablePush: false } });
  try {
    await sleep(1000);
    const idleMb = readAnonymousMb(pid);
    open(session, 50);
    await sleep(15_000);
    const [fewMb, beforeSeconds] = [readAnonymousMb(pid), readCpuSeconds(pid)];
    await sleep(windowMs);
    const cpuSeconds = readCpuSeconds(pid) - beforeSeconds;
    open(session, 150);
    await sleep(15_000);
    const moreMb = readAnonymousMb(pid);
    open(session, 1000);
    await sleep(15_000);
    const manyMb = readAnonymousMb(pid);
    const texts = [
      `idle ${idleMb.toFixed(1)} MB; with 50 tasks ${fewMb.toFixed(1)}, with 200 ${moreMb.toFixed(1)}, with 1200 ${manyMb.toFixed(1)} MB`,
      `one more task, 200 → 1200: ${(manyMb - moreMb).toFixed(1)} KB`,
      `20 s with 50 tasks: ${cpuSeconds.toFixed(2)} s of CPU time`,
    ];
    process.stdout.write(`${texts.join("\n")}\n`);
  } finally {
    session.destroy();
    child.kill();
    rmSync(folder, { recursive: true });
  }
}

function open(session: ClientHttp2Session, count: number): void {
  for (let index = 0; index < count; index += 1) {
    for (const name of ["/wait", "/stats"]) {
      const stream = session.request({ ":method": "POST", ":path": name });
      stream.on("data", () => undefined).on("error", (error: Error) => process.stderr.write(`${error.message}\n`));
      stream.write(Buffer.alloc(60));
    }
  }
}
