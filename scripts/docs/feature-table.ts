import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { toTable } from "./markdown-table.ts";
import { findTestTitles } from "./test-titles.ts";

/** How much a feature is needed: M, S and C for must, should and could; N: it makes no sense under Nomad. */
export type Priority = "M" | "S" | "C" | "N";

/**
 * A feature, its priority, and what proves it: `test/FILE > TITLE` or `src/FILE > TITLE` for a test of the driver, `e2e/…` for one of
 * the whole program; a title has `…` for what the test fills in. A proof without ` > ` is a remark: what is missing, or why the
 * feature makes no sense.
 */
export type FeatureRow = readonly [feature: string, priority: Priority, ...proofs: string[]];

export interface FeatureSection {
  readonly title: string;
  readonly rows: readonly FeatureRow[];
}

const root = join(import.meta.dirname, "../..");

/**
 * All sections as headings with tables, below a count.
 * @throws Error that names every proof whose test does not exist
 */
export function toFeatureTables(sections: readonly FeatureSection[]): string {
  const rows = sections.flatMap((section) => section.rows);
  const lost = rows.flatMap(([feature, , ...proofs]) => proofs.filter(isLost).map((proof) => `${feature}: ${proof}`));
  if (lost.length > 0) throw new Error(`no such test:\n${lost.join("\n")}`);
  const tables = sections.map(
    (section) => `### ${section.title}\n\n${toTable(["Feature", "Priority", "Test"], section.rows.map(toCells))}`,
  );
  return [toCounts(rows), ...tables].join("\n\n");
}

function toCounts(rows: readonly FeatureRow[]): string {
  const names = { M: "must", S: "should", C: "could" } as const;
  const counts = (["M", "S", "C"] as const).map((priority) => {
    const of = rows.filter((row) => row[1] === priority);
    return [`${priority}: ${names[priority]}`, String(of.length), String(of.filter(isProven).length)];
  });
  return toTable(["Priority", "Features", "With a test"], counts);
}

function isProven([, , ...proofs]: FeatureRow): boolean {
  return proofs.some(isTest);
}

function isTest(proof: string): boolean {
  return proof.includes(" > ");
}

function toCells(row: FeatureRow): readonly string[] {
  const [feature, priority, ...proofs] = row;
  if (priority === "N") return [feature, priority, proofs.join(" ")];
  const remarks = proofs.filter((proof) => !isTest(proof));
  const missing = isProven(row) ? remarks : [["**not yet**", ...remarks].join(": ")];
  return [feature, priority, [...proofs.filter(isTest).map(toLink), ...missing].join("<br>")];
}

function toLink(proof: string): string {
  const { name, path, title } = parse(proof);
  return `[${name}](../${path}): ${title.replaceAll("<", "&lt;")}`;
}

function isLost(proof: string): boolean {
  if (!isTest(proof)) return false;
  const { path, title } = parse(proof);
  const full = join(root, path);
  return !existsSync(full) || !findTestTitles(readFileSync(full, "utf8")).includes(title);
}

function parse(proof: string): { readonly name: string; readonly path: string; readonly title: string } {
  const [name = "", title = ""] = proof.split(" > ");
  const base = /^(?:test|src)\//.test(name) ? `packages/podman-driver/${name}` : name;
  return { name, path: base.startsWith("e2e/nomad/") ? `${base}.agent-test.ts` : `${base}.test.ts`, title };
}
