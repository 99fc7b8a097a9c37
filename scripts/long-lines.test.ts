import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const longest = 140;

test("no line of a source is longer than a reader's window", () => {
  const files = globSync(["{packages,scripts,bench,e2e}/**/*.{ts,cjs,go}"], {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|gen)(\/|$)/.test(path),
  });
  assert.ok(files.length > 1000, `${files.length} files`);
  const long = files.flatMap((file) =>
    readFileSync(join(root, file), "utf8")
      .split("\n")
      .flatMap((line, index) => ([...line].length > longest ? [`${file}:${index + 1}`] : [])),
  );
  assert.deepEqual(long, []);
});
