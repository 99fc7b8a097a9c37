import { key } from "./job-key.ts";
import { bool, string, strings, text } from "./key-kinds.ts";

export const periodicKeys = {
  enabled: key(bool, "Enabled"),
  cron: key(string, "Spec"),
  crons: key(strings, "Specs"),
  prohibit_overlap: key(bool, "ProhibitOverlap"),
  time_zone: key(string, "TimeZone"),
};

export const parameterizedKeys = {
  payload: key(text, "Payload"),
  meta_required: key(strings, "MetaRequired"),
  meta_optional: key(strings, "MetaOptional"),
};

export const dispatchPayloadKeys = { file: key(text, "File") };
