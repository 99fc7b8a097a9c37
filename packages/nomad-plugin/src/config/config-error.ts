import type { Position } from "@driver/hcl/values";

/** A config body that does not fit its schema. The message names the key and what would be right. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** Where the offending attribute or block begins. */
  readonly position: Position;
  /** Dotted path of the key below the config block, e.g. `auth.tls_verify`; empty for the block itself. */
  readonly path: string;

  constructor(message: string, site: { readonly position: Position; readonly path: string }) {
    super(message);
    this.position = site.position;
    this.path = site.path;
  }
}
