import { once } from "node:events";

import { createStyle } from "./style.ts";
import type { Style } from "./style.ts";

/** A stream for people, in order and without loss. */
export interface Output {
  readonly style: Style;
  /** True: nobody reads any more, and what is written is dropped. */
  readonly isClosed: boolean;
  /** Settles when the reader has kept up; never rejects. */
  write(bytes: Uint8Array): Promise<void>;
  writeLine(text: string): Promise<void>;
}

/** `onGone` is called once when nobody reads any more, as with `| head`. */
export function createOutput(
  stream: NodeJS.WriteStream,
  options: { readonly env: NodeJS.ProcessEnv; readonly onGone?: () => void },
): Output {
  let isGone = false;
  stream.on("error", () => {
    if (!isGone) options.onGone?.();
    isGone = true;
  });
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (isGone || bytes.length === 0 || stream.write(bytes)) return;
    // The error itself is the listener's business; here it only ends the waiting.
    await once(stream, "drain").catch(() => undefined);
  };
  return {
    style: createStyle({ isTerminal: stream.isTTY, env: options.env }),
    get isClosed() {
      return isGone;
    },
    write,
    writeLine: (text) => write(Buffer.from(`${text}\n`)),
  };
}
