import { allCapabilities } from "../config/capability-names.ts";
import { matchesGlob } from "../config/matches-glob.ts";
import { rule, type Rule } from "./rule.ts";

/**
 * Whether an archive may be fetched from an address, which is whole and without its query. A `*` in the host's part of a glob means no
 * slash: `https://*.example.com/*` is not `https://evil.test/.example.com/`.
 */
export function allowsImageUrl(url: string, globs: readonly string[] | undefined): boolean {
  if (globs === undefined) return true;
  const [host, path] = splitUrl(url);
  return globs.some((glob) => {
    if (!/^[^/]*:\/\//.test(glob)) return matchesGlob(glob, url);
    const [hostGlob, pathGlob] = splitUrl(glob);
    return matchesGlob(hostGlob, host) && matchesGlob(pathGlob, path);
  });
}

/** Scheme and host, and what follows from the slash behind them. */
function splitUrl(url: string): readonly [string, string] {
  const end = url.indexOf("/", url.indexOf("://") + 3);
  return end === -1 ? [url, "/"] : [url.slice(0, end), url.slice(end)];
}

/** What a task may do, by what it runs, and on which service. */
export const privilegeRules: readonly Rule[] = [
  rule("privileged", (_wish, { allowsPrivileged }) =>
    allowsPrivileged ? undefined : { value: true, problem: "is not allowed on this client", option: "allow_privileged = true" },
  ),

  rule("capability", ({ name }, { caps }) => {
    if (caps === undefined || caps.includes(allCapabilities) || caps.includes(name)) return undefined;
    return {
      value: name,
      problem: `is not allowed on this client, which allows ${caps.join(", ")}`,
      option: `${JSON.stringify(name)} in allow_caps`,
    };
  }),

  rule("unconfined", ({ value, what }, { allowsUnconfined }) =>
    allowsUnconfined
      ? undefined
      : { value, problem: `lifts ${what}, which is not allowed on this client`, option: "allow_unconfined = true" },
  ),

  rule("runtime", ({ name }, { runtimes }) => {
    if (runtimes === undefined || runtimes.some((glob) => matchesGlob(glob, name))) return undefined;
    return {
      value: name,
      problem: `is not allowed on this client, which allows ${runtimes.join(", ")}`,
      option: `${JSON.stringify(name)} in allow_runtimes`,
    };
  }),

  // No list of harmless ones would hold: with annotations crun writes files of the host, and crun and runc set properties of units.
  rule("annotation", ({ name }, { runtimes }) =>
    runtimes === undefined || runtimes.includes("*")
      ? undefined
      : {
          value: name,
          problem: "may be an order to the OCI runtime, which is not allowed on this client",
          option: 'allow_runtimes = ["*"]',
        },
  ),

  rule("image-url", ({ url }, { imageUrls }) => {
    if (imageUrls === undefined || allowsImageUrl(url, imageUrls)) return undefined;
    return {
      value: url,
      problem: `is an address that images may not be fetched from on this client, which allows ${imageUrls.join(", ")}`,
      option: `${JSON.stringify(url)} in allow_image_urls`,
    };
  }),

  rule("socket", ({ name }, { sockets, defaultSocket }) => {
    const chosen = name === "" || name === "default" ? defaultSocket : name;
    if (sockets === undefined || sockets.some((glob) => matchesGlob(glob, chosen))) return undefined;
    return {
      value: chosen,
      problem: `is not allowed on this client, which allows ${sockets.join(", ")}`,
      option: `${JSON.stringify(chosen)} in allowed_sockets`,
    };
  }),
];
