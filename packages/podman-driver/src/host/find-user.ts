import { readKernelFile } from "./proc-files.ts";

/** The id of a user of this host by name; undefined: /etc/passwd has none. Users that only a directory service knows are not found. */
export function findUser(name: string, file = "/etc/passwd"): number | undefined {
  const [, , id] = (readKernelFile(file) ?? "").split("\n").map((line) => line.split(":")).find(([first]) => first === name) ?? [];
  return id === undefined || !/^\d+$/.test(id) ? undefined : Number(id);
}
