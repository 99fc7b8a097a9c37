import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProcess } from "./run-process.ts";
import { TestingError } from "./testing-error.ts";
import { resolveTool } from "./tool-path.ts";

const newKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/** Makes a private CA in a folder, `ca.crt` and `ca.key`. */
export async function makeAuthority(folder: string): Promise<void> {
  await openssl(folder, `req -x509 ${newKey} -days 2 -subj /CN=test-ca -keyout ca.key -out ca.crt`);
}

/** Makes `<name>.crt` and `<name>.key` of that CA, for who is at 127.0.0.1. */
export async function makeCertificate(folder: string, name: string): Promise<void> {
  await writeFile(join(folder, `${name}.ext`), "subjectAltName=IP:127.0.0.1\n");
  await openssl(folder, `req ${newKey} -subj /CN=127.0.0.1 -keyout ${name}.key -out ${name}.csr`);
  const signed = `-in ${name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial`;
  await openssl(folder, `x509 -req ${signed} -days 2 -extfile ${name}.ext -out ${name}.crt`);
}

async function openssl(folder: string, command: string): Promise<void> {
  const args = command.split(" ").map((word) => (/\.(key|crt|csr|ext)$/.test(word) ? join(folder, word) : word));
  const result = await runProcess(resolveTool("openssl"), args, { signal: AbortSignal.timeout(60_000) });
  if (result.code !== 0) throw new TestingError("certificate", `openssl makes no certificate: ${result.stderr}`);
}
