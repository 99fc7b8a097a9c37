import { mapTexts, toEscapedText, toPlainText } from "@driver/hcl";
import type { ConfigBody } from "@driver/nomad-plugin";
import { findKey } from "./keys/job-key.ts";
import type { JobKeys } from "./keys/job-key.ts";
import { jobKeys } from "./keys/job-keys.ts";

/**
 * Turns the marks of `$${` and `%%{` in an evaluated job into text: an escape again in what is filled in when the task
 * starts, the plain `${` and `%{` everywhere else.
 */
export function settleEscapes(job: ConfigBody): ConfigBody {
  return settle(job, jobKeys, toPlainText);
}

function settle(body: ConfigBody, keys: JobKeys, convert: (text: string) => string): ConfigBody {
  const pick = (name: string) => (findKey(keys, name)?.isFilledIn === true ? toEscapedText : convert);
  const innerKeys = (name: string): JobKeys => {
    const kind = findKey(keys, name)?.kind;
    return kind?.form === "block" ? kind.keys : {};
  };
  return {
    position: body.position,
    attributes: body.attributes.map(({ name, value, position }) => ({ name, position, value: mapTexts(value, pick(name)) })),
    blocks: body.blocks.map(({ type, labels, body: inner, position }) => ({
      type,
      labels: labels.map(pick(type)),
      body: settle(inner, innerKeys(type), pick(type)),
      position,
    })),
  };
}
