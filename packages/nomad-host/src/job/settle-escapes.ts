import { mapTexts, toEscapedText, toPlainText } from "@driver/hcl";
import type { ConfigBody } from "@driver/nomad-plugin";

/** Arguments and blocks whose texts are filled in when the task starts (`nomad`: runtime interpolation). */
const filledInLater: readonly string[] = ["config", "env", "meta", "user"];

/**
 * Turns the marks of `$${` and `%%{` in an evaluated job into text: an escape again in what is filled in when the task
 * starts, the plain `${` and `%{` everywhere else.
 */
export function settleEscapes(body: ConfigBody, convert: (text: string) => string = toPlainText): ConfigBody {
  const pick = (name: string) => (filledInLater.includes(name) ? toEscapedText : convert);
  return {
    position: body.position,
    attributes: body.attributes.map(({ name, value, position }) => ({ name, position, value: mapTexts(value, pick(name)) })),
    blocks: body.blocks.map(({ type, labels, body: inner, position }) => ({
      type,
      labels: labels.map(pick(type)),
      body: settleEscapes(inner, pick(type)),
      position,
    })),
  };
}
