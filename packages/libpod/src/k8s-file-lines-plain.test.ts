import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteRun } from "./byte-run.ts";
import { K8sFileLines } from "./k8s-file-lines.ts";

test("decodes a large chunk where the processor cannot run what is made for it", (context) => {
  context.mock.method(WebAssembly, "Module", () => {
    throw new WebAssembly.CompileError("Wasm SIMD unsupported");
  });
  const output = { stdout: new ByteRun(), stderr: new ByteRun() };
  const line = "2026-11-23T00:17:17.367408017+00:00 stderr F text\n";
  new K8sFileLines().push(Buffer.from(line.repeat(1000)), output);
  assert.deepEqual([output.stdout.length, output.stderr.bytes.toString()], [0, "text\n".repeat(1000)]);
});
