import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { join } from "node:path";
import { test } from "node:test";
import { runProcess, TlsFront } from "@driver/testing";

const asking = `
  const { askHttp } = await import(process.argv[1]);
  const question = { headers: {}, signal: AbortSignal.timeout(60_000) };
  const { statusCode, code } = await askHttp(new URL(process.argv[2]), question).catch((error) => error);
  console.log(statusCode ?? code);
  process.exit();
`;

test("a check over TLS trusts as the host does", async () => {
  await using front = await TlsFront.start();
  await using other = await TlsFront.start();
  const [cert, key] = await Promise.all(["server.crt", "server.key"].map((name) => readFile(join(front.folder, name))));
  const server = createServer({ cert, key }, (_request, answer) => answer.writeHead(200).end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `https://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
  const ask = async ({ folder }: TlsFront): Promise<string> => {
    const program = new URL("../packages/nomad-host/src/run/http/ask-http.ts", import.meta.url).href;
    const env = { ...process.env, SSL_CERT_FILE: join(folder, "ca.crt"), SSL_CERT_DIR: "/nonexistent", NODE_EXTRA_CA_CERTS: "" };
    const { stdout, stderr } = await runProcess(process.execPath, ["--input-type=module", "-e", asking, program, url], {
      env,
      signal: AbortSignal.timeout(60_000),
    });
    return stdout.trim() || stderr;
  };
  try {
    assert.equal(await ask(front), "200");
    assert.match(await ask(other), /UNABLE_TO_VERIFY/);
  } finally {
    server.close();
  }
});
