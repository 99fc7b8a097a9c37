import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** More without a newline is no handshake, whatever follows. */
const maxLineLength = 65_536;

/** The text up to the first newline; the stream stays open. When it ends before one, what came so far, if anything. */
export function readFirstLine(stream: Readable, signal: AbortSignal): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const decoder = new StringDecoder("utf8");
  let text = "";
  const onData = (chunk: Buffer) => {
    text += decoder.write(chunk);
    const end = text.indexOf("\n");
    if (end >= 0) settle(text.slice(0, end));
    else if (text.length > maxLineLength) settle(text);
  };
  const onEnd = () => {
    if (text !== "") settle(text);
  };
  const release = () => {
    stream.off("data", onData).off("end", onEnd);
  };
  const settle = (line: string) => {
    release();
    resolve(line);
  };
  stream.on("data", onData).once("end", onEnd);
  signal.addEventListener("abort", release, { once: true });
  return promise;
}
