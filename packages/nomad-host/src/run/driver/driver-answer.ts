import { DriverError } from "@driver/nomad-plugin";

/** gRPC's status codes Unknown, FailedPrecondition and Unimplemented: what a plugin that is alive says. */
const answerCodes: readonly unknown[] = [2, 9, 12];

/** Whether a failed call was answered by the driver itself, rather than cut off with the connection. */
export function isDriverAnswer(error: unknown): boolean {
  if (!(error instanceof DriverError)) return false;
  if (error.code !== "failed") return true;
  const { cause } = error;
  return !(cause instanceof Error && "code" in cause && typeof cause.code === "number") || answerCodes.includes(cause.code);
}
