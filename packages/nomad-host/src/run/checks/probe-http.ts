import type { Readable } from "node:stream";

import { askHttp } from "../http/ask-http.ts";
import { judgeHttp } from "./judge-finding.ts";
import type { CheckFinding, PlannedCheck } from "./planned-check.ts";
import type { Endpoint } from "./resolve-address.ts";

/** As much of an answer as Nomad keeps. */
const outputLimitBytes = 3 * 1024;

/** Well when the answer's status is. Rejects with what hindered the question. */
export async function probeHttp(check: PlannedCheck, at: Endpoint, signal: AbortSignal): Promise<CheckFinding> {
  const { path, protocol, provider, method, headers, body, isInsecure, tlsServerName } = check;
  const url = new URL(path, `${protocol}://${toUrlHost(at.host)}:${at.port}`);
  const question = { method, headers: withAgent(headers), body: toBody(body, provider) };
  const response = await askHttp(url, { ...question, isInsecure, tlsServerName, signal });
  const { statusCode = 0 } = response;
  const status = judgeHttp(statusCode, provider);
  try {
    return { status, output: statusCode === 200 ? "http ok" : `HTTP ${statusCode}: ${await readStart(response)}`.trimEnd() };
  } finally {
    response.destroy();
  }
}

function toUrlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Nomad's client always sends one, be it empty, and so follows no redirection that would send it again. */
function toBody(body: string, provider: PlannedCheck["provider"]): string | undefined {
  return body === "" && provider === "consul" ? undefined : body;
}

function withAgent(headers: PlannedCheck["headers"]): PlannedCheck["headers"] {
  const isNamed = Object.keys(headers).some((name) => name.toLowerCase() === "user-agent");
  return isNamed ? headers : { ...headers, "User-Agent": ["nomad-driver-podman"] };
}

async function readStart(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes >= outputLimitBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, outputLimitBytes).toString();
}
