import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listCdiDevices } from "./cdi-devices.ts";

/** As `nvidia-ctk cdi generate` writes it. */
const gpus = `---
cdiVersion: 0.5.0
containerEdits:
  env:
  - NVIDIA_VISIBLE_DEVICES=void
  hooks:
  - args:
    - nvidia-ctk
    hookName: createContainer
devices:
- containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
      name: inner
  name: "0"
- containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
  name: all
kind: nvidia.com/gpu
`;

const nics = `cdiVersion: "0.6.0"
kind: 'vendor.example/nic'
devices:
  - name: 'a'
    containerEdits:
      mounts:
        - name: inner
          hostPath: /x
  # the spare one
  - name: b
`;

test("finds the devices of JSON and YAML specs, in whatever order their keys are", (context) => {
  const [folder, other] = [mkdtempSync(join(tmpdir(), "cdi-")), mkdtempSync(join(tmpdir(), "cdi-"))];
  context.after(() => [folder, other].forEach((path) => rmSync(path, { recursive: true })));
  writeFileSync(join(folder, "nvidia.yaml"), gpus);
  writeFileSync(join(other, "nic.yml"), nics);
  writeFileSync(join(other, "disk.json"), JSON.stringify({ kind: "vendor.example/disk", devices: [{ name: "x" }, { name: 1 }, null] }));
  writeFileSync(join(other, "broken.json"), "{");
  writeFileSync(join(other, "empty.yaml"), "");
  writeFileSync(join(other, "readme.txt"), nics.replace("nic", "text"));
  const expected = ["nvidia.com/gpu=0", "nvidia.com/gpu=all", "vendor.example/disk=x", "vendor.example/nic=a", "vendor.example/nic=b"];
  assert.deepEqual(listCdiDevices([folder, other, join(folder, "missing")]), expected);
});

test("does not fill the node's attributes with what a broken tool has made", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "cdi-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const devices = Array.from({ length: 5000 }, (_, index) => ({ name: `d${index}` }));
  writeFileSync(join(folder, "many.json"), JSON.stringify({ kind: "vendor.example/x", devices }));
  assert.equal(listCdiDevices([folder]).length, 200);
});
