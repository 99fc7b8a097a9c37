export { codeOf } from "./code-of.ts";
export { Feed, type FeedListener } from "./feed.ts";
export { messageOf } from "./message-of.ts";
export { toTimerMs } from "./to-timer-ms.ts";
export { trustHostAuthorities } from "./trust-host-authorities.ts";
export { waitAborted } from "./wait-aborted.ts";
