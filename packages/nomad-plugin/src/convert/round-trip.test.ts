import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as arbitrary from "../../test/arbitraries.ts";
import { SetConfigRequestSchema } from "../gen/base_pb.ts";
import { FingerprintResponseSchema, InspectTaskResponseSchema } from "../gen/driver_pb.ts";
import {
  DriverCapabilitiesSchema,
  DriverTaskEventSchema,
  ExitResultSchema,
  ResourcesSchema,
  TaskConfigSchema,
  TaskHandleSchema,
  TaskStatsSchema,
} from "../gen/driver_types_pb.ts";
import { SpecSchema } from "../gen/hclspec_pb.ts";
import { fromCapabilitiesMessage, toCapabilitiesMessage } from "./capabilities.ts";
import { fromFingerprintMessage, toFingerprintMessage } from "./fingerprint.ts";
import { fromSetConfigMessage, toSetConfigMessage } from "./plugin.ts";
import { fromResourcesMessage, toResourcesMessage } from "./resources.ts";
import { fromSpecMessage, toSpecMessage } from "./spec.ts";
import { fromStatsMessage, toStatsMessage } from "./stats.ts";
import { fromTaskConfigMessage, toTaskConfigMessage } from "./task-config.ts";
import {
  fromEventMessage,
  fromExitMessage,
  fromHandleMessage,
  fromInspectMessage,
  toEventMessage,
  toExitMessage,
  toHandleMessage,
  toInspectMessage,
} from "./task-state.ts";

function roundTrip<T, D extends DescMessage>(
  what: string,
  values: fc.Arbitrary<T>,
  via: { readonly schema: D; readonly to: (value: T) => MessageInitShape<D>; readonly from: (message: MessageShape<D>) => T },
): void {
  test(`${what} comes over the wire as it was sent`, () => {
    fc.assert(
      // fast-check makes objects without a prototype.
      fc.property(
        values.map((value) => structuredClone(value)),
        (value) => {
          const wire = toBinary(via.schema, create(via.schema, via.to(value)));
          assert.deepEqual(via.from(fromBinary(via.schema, wire)), value);
        },
      ),
    );
  });
}

roundTrip("a spec", arbitrary.spec, { schema: SpecSchema, to: toSpecMessage, from: fromSpecMessage });
roundTrip("the agent's configuration", arbitrary.pluginConfig, {
  schema: SetConfigRequestSchema,
  to: toSetConfigMessage,
  from: fromSetConfigMessage,
});
roundTrip("capabilities", arbitrary.capabilities, {
  schema: DriverCapabilitiesSchema,
  to: toCapabilitiesMessage,
  from: fromCapabilitiesMessage,
});
roundTrip("a fingerprint", arbitrary.fingerprint, {
  schema: FingerprintResponseSchema,
  to: toFingerprintMessage,
  from: fromFingerprintMessage,
});
roundTrip("a task config", arbitrary.taskConfig, { schema: TaskConfigSchema, to: toTaskConfigMessage, from: fromTaskConfigMessage });
roundTrip("a task's resources", arbitrary.resources, { schema: ResourcesSchema, to: toResourcesMessage, from: fromResourcesMessage });
roundTrip("a task handle", arbitrary.taskHandle, { schema: TaskHandleSchema, to: toHandleMessage, from: fromHandleMessage });
roundTrip("an exit result", arbitrary.exitResult, { schema: ExitResultSchema, to: toExitMessage, from: fromExitMessage });
roundTrip("a task's state", arbitrary.taskStatus, { schema: InspectTaskResponseSchema, to: toInspectMessage, from: fromInspectMessage });
roundTrip("a sample", arbitrary.taskStats, { schema: TaskStatsSchema, to: toStatsMessage, from: fromStatsMessage });
roundTrip("an event", arbitrary.taskEvent, { schema: DriverTaskEventSchema, to: toEventMessage, from: fromEventMessage });
