// A process that watches containers as drivers without hints do: it looks at each once, asks Podman for its statistics
// every second, takes their absence for the end, and looks at what it has learnt every second.
// Argument: Podman's socket. Lines in: container ids. Lines out: "watching ID", then "ended ID CODE".
import { Agent, request } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const intervalMs = 1000;
const socketPath = process.argv[2] ?? "";
const agent = new Agent({ keepAlive: true });

for await (const containerId of createInterface({ input: process.stdin })) {
  void watchContainer(containerId);
}
process.exit(0);

async function watchContainer(containerId: string): Promise<void> {
  await get(`/containers/${containerId}/json`);
  process.stdout.write(`watching ${containerId}\n`);
  const seen: { exitCode?: string } = {};
  const look = setInterval(() => {
    if (seen.exitCode === undefined) return;
    clearInterval(look);
    process.stdout.write(`ended ${containerId} ${seen.exitCode}\n`);
  }, intervalMs);
  for (;;) {
    const { status, text } = await get(`/containers/${containerId}/stats?stream=false`);
    // Podman 5.4 refuses in the text of an answer that has begun with 200.
    if (status === 404 || status === 409 || text === "" || Object.hasOwn(JSON.parse(text), "response")) break;
    await sleep(intervalMs);
  }
  const inspected = await get(`/containers/${containerId}/json`);
  seen.exitCode = /"ExitCode":(-?\d+)/.exec(inspected.text)?.[1] ?? "unknown";
}

function get(path: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve) => {
    const sent = request({ socketPath, agent, path: `/v4.0.0/libpod${path}` }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.once("close", () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    sent.once("error", () => resolve({ status: 500, text: "unknown" }));
    sent.end();
  });
}
