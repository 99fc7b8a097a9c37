import assert from "node:assert/strict";
import { test } from "node:test";
import { matrixCells, matrixSuites } from "./cells.ts";
import { toShortForm } from "./short-form.ts";

test("runs one release that is not the host's", () => {
  assert.equal(toShortForm("bookworm").cell.name, "trixie");
  assert.equal(toShortForm("trixie").cell.name, "bookworm");
  assert.equal(toShortForm("").cell.name, "trixie");
});

test("runs or names every cell and every test file of the matrix, each with a reason", () => {
  for (const codename of ["bookworm", "trixie"]) {
    const { cell, suites, left } = toShortForm(codename);
    assert.deepEqual(
      matrixCells.filter(({ name }) => name !== cell.name && !left.some(({ what }) => what === name)),
      [],
    );
    assert.deepEqual(
      matrixSuites.filter((suite) => !suites.includes(suite) && !left.some(({ what }) => what.split(/, | with /).includes(suite))),
      [],
    );
    assert.deepEqual(suites.filter((suite) => !matrixSuites.includes(suite)), []);
    assert.deepEqual(left.filter(({ what, reason }) => what === "" || reason === ""), []);
  }
  assert.ok(toShortForm("").left.some(({ what }) => what === "cgroup v2 with systemd"));
});
