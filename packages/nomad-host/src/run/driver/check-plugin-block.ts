import { ConfigError, encodeConfig, type ConfigBody, type Spec } from "@driver/nomad-plugin";
import { findPosition, type ConfigRemark, type Findings } from "./check-configs.ts";
import { emptyBody } from "./configure-driver.ts";
import type { PlacedProblem } from "./encode-task-config.ts";

/** What a plugin that is known here says of its config, as Nomad encodes it. Pure. */
export type CheckPluginConfig = (msgpack: Uint8Array) => Findings<ConfigRemark>;

/**
 * What a plugin would refuse of its block in an agent's file before it is started, each with its place.
 * @param body the inside of the `config` block; undefined: there is none
 */
export function checkPluginBlock(
  body: ConfigBody | undefined,
  { schema, check }: { readonly schema: Spec; readonly check: CheckPluginConfig },
): Findings<PlacedProblem> {
  const config = body ?? emptyBody;
  const toPlaced = ({ path, message }: ConfigRemark): PlacedProblem => ({
    message: `plugin config: ${message}`,
    position: findPosition(config, path),
  });
  try {
    const { problems, notices } = check(encodeConfig(schema, config));
    return { problems: problems.map(toPlaced), notices: notices.map(toPlaced) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: [{ message: `plugin config: ${error.message}`, position: error.position }], notices: [] };
  }
}
