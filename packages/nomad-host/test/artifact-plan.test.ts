import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import type { TaskArtifact } from "../src/job/job.ts";
import { planArtifacts } from "../src/run/artifacts/plan-artifact.ts";
import { sampleTask } from "./sample-job.ts";
import { throwProblem } from "./throw-problem.ts";

const position = { line: 9, column: 3 };
const plain: TaskArtifact = {
  ...{ source: "https://example.test/a/x.bin", options: {}, headers: {}, mode: "any", isInsecure: false },
  ...{ destination: "local/", isOwnedByUser: false, position },
};
const sum = "0123456789abcdef0123456789abcdef";

function plan(changes: Partial<TaskArtifact>) {
  const task = sampleTask("web", "", { artifacts: [{ ...plain, ...changes }] });
  const [planned] = planArtifacts(task, { scope: new Map([["NOMAD_META_v", "1.2"]]), report: throwProblem });
  assert.ok(planned !== undefined);
  const { source, ...rest } = planned;
  return { ...rest, source: source.kind === "http" ? source.url.href : source.path };
}

const plans: readonly (readonly [changes: Partial<TaskArtifact>, wanted: Partial<ReturnType<typeof plan>>])[] = [
  [{}, { source: plain.source, filename: "x.bin", destination: "web/local/", mode: "any", archive: undefined, subfolder: undefined }],
  [{ source: "https://example.test/x-${NOMAD_META_v}.tgz" }, { source: "https://example.test/x-1.2.tgz", archive: "tgz" }],
  [{ source: "https://example.test/x.tar.gz" }, { archive: "tar.gz" }],
  [{ source: "https://example.test/x.zip?archive=false" }, { source: "https://example.test/x.zip", archive: undefined, filename: "x.zip" }],
  [{ source: "https://example.test/dl?id=4&archive=tar.zst" }, { source: "https://example.test/dl?id=4", archive: "tar.zst" }],
  [{ options: { archive: "zip" } }, { archive: "zip" }],
  [{ source: "https://example.test/dl?filename=y.txt" }, { source: "https://example.test/dl", filename: "y.txt" }],
  [{ source: `https://example.test/x?checksum=${sum}` }, { source: "https://example.test/x", checksum: { algorithm: "md5", hex: sum } }],
  [{ options: { checksum: `md5:${sum.toUpperCase()}` } }, { checksum: { algorithm: "md5", hex: sum } }],
  [{ source: "https://example.test/x.zip//in/ner?k=v" }, { source: "https://example.test/x.zip?k=v", subfolder: "in/ner", archive: "zip" }],
  [{ source: "http::http://example.test/x" }, { source: "http://example.test/x" }],
  [{ source: "https://me:word@example.test/x?token=t" }, { title: "https://example.test/x" }],
  [{ source: "./100%/x.bin" }, { source: join(process.cwd(), "100%/x.bin"), filename: "x.bin" }],
  [{ source: "file:///srv/a%20b" }, { source: "/srv/a b" }],
  [{ destination: "${NOMAD_ALLOC_DIR}/data" }, { destination: "alloc/data" }],
  [{ destination: "" }, { destination: "web" }],
  [{ headers: { Accept: "${NOMAD_META_v}" } }, { headers: { Accept: "1.2" } }],
];

for (const [changes, wanted] of plans) {
  test(`an artifact ${JSON.stringify(changes)} is planned as Nomad's`, () => {
    const planned = plan(changes);
    const found = Object.fromEntries(Object.entries(planned).filter(([key]) => Object.hasOwn(wanted, key)));
    assert.deepEqual(found, wanted);
  });
}

const refused: readonly (readonly [changes: Partial<TaskArtifact>, message: RegExp])[] = [
  [{ source: "git::https://example.test/x.git" }, /^artifact: git sources are not fetched by `run`; it takes http, https and files/],
  [{ source: "github.com/hashicorp/nomad" }, /^artifact: git sources/],
  [{ source: "git@github.com:hashicorp/nomad.git" }, /^artifact: git sources/],
  [{ source: "s3::https://s3.example.test/x" }, /^artifact: s3 sources/],
  [{ source: "s3://bucket/x" }, /^artifact: s3 sources/],
  [{ source: "bucket.s3.amazonaws.com/x" }, /^artifact: s3 sources/],
  [{ source: "gcs::https://example.test/x" }, /^artifact: gcs sources/],
  [{ source: "hg::https://example.test/x" }, /^artifact: hg sources/],
  [{ source: "https://example.test/x.tar.xz" }, /^artifact: tar.xz archives are not unpacked by `run`; it knows tar, tar.gz,/],
  [{ source: "https://example.test/x?archive=rar" }, /^artifact: rar archives are not unpacked/],
  [{ source: "https://example.test/dir/" }, /^artifact: a folder cannot be fetched over http; an archive can$/],
  [{ mode: "dir" }, /^artifact: a folder cannot be fetched over http/],
  [{ destination: "../../x" }, /^artifact: the destination "..\/..\/x" lies outside the task's folder$/],
  [{ source: "https://example.test/x?filename=../y" }, /^artifact: the filename must not lead upwards$/],
  [{ source: "https://example.test/x.zip//../y" }, /^artifact: the part behind \/\/ must not lead upwards$/],
  [{ source: "https://example.test/x?checksum=file:sums" }, /^artifact: a checksum from another file is not looked up/],
  [{ source: "https://example.test/x?checksum=sha256:12" }, /^artifact: "sha256:12" is no checksum of md5, sha1, sha256 or sha512$/],
];

for (const [changes, message] of refused) {
  test(`an artifact ${JSON.stringify(changes)} is refused before anything starts`, () => {
    assert.throws(() => plan(changes), { message });
  });
}
