const consul = "Consul is not available here; give the value with -nomad-var and nomadVar, or in env";
const vault = "Vault is not available here; give the value with -nomad-var and nomadVar, or in env";
const denied = "a Nomad client forbids it";
const unknownHere = "`run` does not know it";

/** What consul-template knows and this host does not have: why. */
export const foreignFunctions: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["key", "keyExists", "keyOrDefault", "ls", "safeLs", "tree", "safeTree", "datacenters", "node", "nodes", "partitions", "peerings"].map(
      (name) => [name, consul],
    ),
  ),
  ...Object.fromEntries(
    ["service", "services", "connect", "caRoots", "caLeaf", "exportedServices", "importedServices", "byMeta", "byKey", "explode"].map(
      (name) => [name, consul],
    ),
  ),
  ...Object.fromEntries(["secret", "secrets", "pkiCert"].map((name) => [name, vault])),
  ...Object.fromEntries(["plugin", "writeToFile", "executeTemplate"].map((name) => [name, denied])),
  ...Object.fromEntries(
    ["parseYAML", "toYAML", "toTOML", "sockaddr", "scratch", "file", "byTag", "byPort", "spew_dump", "spew_printf", "spew_sdump"].map(
      (name) => [name, unknownHere],
    ),
  ),
  spew_sprintf: unknownHere,
};

/** Why a function cannot be had here; undefined: consul-template does not know it either. */
export function explainForeign(name: string): string | undefined {
  if (name.startsWith("sprig_")) return unknownHere;
  return Object.hasOwn(foreignFunctions, name) ? foreignFunctions[name] : undefined;
}
