import { join } from "node:path";
import { readIfThere } from "./proc-files.ts";

/**
 * The id of a user of this host by name; undefined: /etc/passwd has none. Users that only a directory service knows are not found.
 * Throws a shortage (`isShortage`), as all here do.
 */
export function findUser(name: string, etcDir = "/etc"): number | undefined {
  const [, , id = ""] = readFields(join(etcDir, "passwd")).find(([first]) => first === name) ?? [];
  return /^\d+$/.test(id) ? Number(id) : undefined;
}

/**
 * First and count of the ids that this host's administrator has given a user. Lines of /etc/subuid are `name or id : first id :
 * count` (subuid(5)); newuidmap gives him no others. What only a directory service tells is not known.
 */
export function readSubordinateIds(uid: number, etcDir: string): readonly (readonly [first: number, count: number])[] {
  const names = new Set([String(uid)]);
  for (const [name = "", , id] of readFields(join(etcDir, "passwd"))) if (name !== "" && id === String(uid)) names.add(name);
  return readFields(join(etcDir, "subuid")).flatMap(([who = "", first = "", count = ""]) =>
    names.has(who) && /^\d+$/.test(first) && /^\d+$/.test(count) ? [[Number(first), Number(count)] as const] : [],
  );
}

function readFields(path: string): readonly (readonly string[])[] {
  return (readIfThere(path) ?? "").split("\n").map((line) => line.trim().split(":"));
}
