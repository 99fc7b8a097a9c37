import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The text of THIRD_PARTY_LICENSES for the packages that the given files belong to (paths below node_modules count, others
 * are our own). @throws Error when a package carries no licence text.
 */
export function collectLicences(files: readonly string[]): string {
  const filesByPackage = Map.groupBy(files, (file) => findPackageFolder(file) ?? "");
  const parts = [...filesByPackage]
    .filter(([folder]) => folder !== "")
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([folder, members]) => describePackage(folder, members));
  return `This program contains the following software.\n\n${parts.join("\n")}`;
}

function findPackageFolder(file: string): string | undefined {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}

function describePackage(folder: string, files: readonly string[]): string {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const identifier = readField(manifest, "license");
  const texts = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
    .map((name) => readFileSync(join(folder, name), "utf8").trim());
  const inFiles = new Set(files.map(readLicenceComment).filter((text) => text !== ""));
  const standard = texts.length === 0 ? [readStandardLicence(identifier)] : [];
  const title = `${readField(manifest, "name")} ${readField(manifest, "version")} (${identifier})`;
  return `${"=".repeat(80)}\n${title}\n${"=".repeat(80)}\n\n${[...texts, ...standard, ...inFiles].join("\n\n")}\n`;
}

/** The licence that a single source file brings along in its first comment, when it is spelled out there. */
function readLicenceComment(file: string): string {
  if (!/\.[cm]?js$/.test(file)) return "";
  const comment = /^(?:\/\/.*\n)+/.exec(readFileSync(file, "utf8"))?.[0] ?? "";
  return comment.includes("Redistribution") ? comment.replaceAll(/^\/\/ ?/gm, "").trim() : "";
}

/** Some packages name their licence and leave its text out; ours is the same text for Apache-2.0. */
function readStandardLicence(identifier: string): string {
  if (identifier.includes("Apache-2.0")) return readFileSync("LICENSE", "utf8").trim();
  throw new Error(`A bundled package under ${identifier} carries no licence text.`);
}

function readField(manifest: unknown, name: string): string {
  if (typeof manifest !== "object" || manifest === null) return "";
  return String(new Map<string, unknown>(Object.entries(manifest)).get(name) ?? "");
}
