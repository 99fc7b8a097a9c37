import type { ConfigBody, Position, Spec } from "@driver/nomad-plugin";
import { ConfigError, encodeConfig } from "@driver/nomad-plugin";
import { findHomes } from "../../job/keys/find-homes.ts";

/** Something that is wrong at a place of the job file. */
export interface PlacedProblem {
  readonly message: string;
  readonly position: Position;
}

/** More than anybody wants to read. */
const mostProblems = 50;

/**
 * Encodes a `config` block by the driver's schema. What does not fit is reported, all of it: without the key that is wrong
 * the block is looked at again. Undefined when there was any.
 */
export function encodeTaskConfig(
  spec: Spec,
  body: ConfigBody,
  { report }: { report(problem: PlacedProblem): void },
): Uint8Array | undefined {
  const removed = new Set<string>();
  let rest = body;
  while (removed.size < mostProblems) {
    try {
      const encoded = encodeConfig(spec, rest);
      return removed.size === 0 ? encoded : undefined;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // It is missing now, since it was wrong before.
      if (removed.has(error.path)) return undefined;
      report({ message: explain(error), position: error.position });
      removed.add(error.path);
      rest = withoutPlace(rest, error.position);
    }
  }
  return undefined;
}

function explain({ message, path }: ConfigError): string {
  if (!/ is unknown/.test(message)) return message;
  const homes = path.includes(".") ? [] : findHomes(path);
  return homes.length === 0
    ? message
    : `config key ${path} is unknown; it belongs into ${homes.map((home) => `the ${home} block`).join(" or ")}`;
}

function withoutPlace(body: ConfigBody, position: Position): ConfigBody {
  const isThere = (at: Position) => at.line === position.line && at.column === position.column;
  return {
    position: body.position,
    attributes: body.attributes.filter((attribute) => !isThere(attribute.position)),
    blocks: body.blocks
      .filter((block) => !isThere(block.position))
      .map((block) => ({ ...block, body: withoutPlace(block.body, position) })),
  };
}
