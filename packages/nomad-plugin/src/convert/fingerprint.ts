import type { MessageInitShape } from "@bufbuild/protobuf";
import type { FingerprintResponse, FingerprintResponseSchema } from "../gen/driver_pb.ts";
import type { Attribute, AttributeSchema } from "../gen/structs_pb.ts";
import type { AttributeValue, Fingerprint } from "../task-driver.ts";
import { healthStates } from "./driver-enums.ts";

/** A fingerprint as its message. */
export function toFingerprintMessage(fingerprint: Fingerprint): MessageInitShape<typeof FingerprintResponseSchema> {
  const attributes = Object.entries(fingerprint.attributes).map(([name, value]) => [name, toAttributeMessage(value)] as const);
  return {
    attributes: Object.fromEntries(attributes),
    health: healthStates.toNumber(fingerprint.health),
    healthDescription: fingerprint.healthDescription,
  };
}

/** A fingerprint from its message; a failure of the driver to look (`nomad` 1.11.3) shows as unhealthy. */
export function fromFingerprintMessage(message: FingerprintResponse): Fingerprint {
  const attributes = Object.entries(message.attributes).map(([name, attribute]) => [name, fromAttributeMessage(attribute)] as const);
  const state = { health: healthStates.fromNumber(message.health), healthDescription: message.healthDescription };
  const failure = { health: "unhealthy", healthDescription: message.err } as const;
  return { ...(message.err === "" ? state : failure), attributes: Object.fromEntries(attributes) };
}

/** What does not fit a finite float or an int64 is sent as text. */
function toAttributeMessage(value: AttributeValue): MessageInitShape<typeof AttributeSchema> {
  switch (typeof value) {
    case "boolean":
      return { value: { case: "boolVal", value } };
    case "bigint":
      return BigInt.asIntN(64, value) === value
        ? { value: { case: "intVal", value } }
        : { value: { case: "stringVal", value: String(value) } };
    case "number":
      return Number.isFinite(value) ? { value: { case: "floatVal", value } } : { value: { case: "stringVal", value: String(value) } };
    case "string":
      return { value: { case: "stringVal", value } };
  }
}

/** With a unit, a number becomes text such as `512MiB`, as the agent prints it. */
function fromAttributeMessage({ value, unit }: Attribute): AttributeValue {
  if (value.case === undefined) return "";
  return unit === "" ? value.value : `${value.value}${unit}`;
}
