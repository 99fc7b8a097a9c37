// What generated forms of messages are made of.
export { bool, bytes, double, int32, int64, string, uint32, uint64 } from "./wire/scalar-form.ts";
export { choice, list, map, one } from "./wire/field-form.ts";
export { EncodedMessage } from "./wire/encoded-message.ts";
export { MessageForm } from "./wire/message-form.ts";
export type { ServiceForm } from "./wire/service-form.ts";
