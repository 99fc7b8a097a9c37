import { LibpodError } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";

/** The one place where Podman's failures become the driver's: its text stays, and another try is offered where it may help. */
export function toDriverError(step: string, error: unknown): unknown {
  if (!(error instanceof LibpodError)) return error;
  return new DriverError("failed", `${step}: ${withoutStep(step, error.message)}`, { recoverable: mayPass(error), cause: error });
}

/** What is left of a message that names the same step, perhaps with a longer id. */
export function withoutStep(step: string, message: string): string {
  const end = message.startsWith(step) ? message.indexOf(": ", step.length) : -1;
  return end === -1 ? message : message.slice(end + 2);
}

/** Runs one step of a call and names it in the error. */
export async function inStep<T>(step: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toDriverError(step, error);
  }
}

/** A failure of Podman that may pass by itself: down, overloaded, or confused for the moment. */
export function isTransient(error: unknown): boolean {
  return error instanceof LibpodError ? mayPass(error) : error instanceof DriverError && error.recoverable;
}

/**
 * An answer of Podman that is worth asking again for while the caller waits. A time-out is not: he has waited long enough. Nor is an image
 * that is gone: it does not come back by itself.
 */
export function mayPassSoon(error: unknown): boolean {
  return (
    error instanceof LibpodError && error.code !== "timeout" && error.code !== "closed" && !isImageGone(error) && mayPass(error)
  );
}

/** The service was there, and has let go of the call before it had answered. */
export function isConnectionLost(error: unknown): boolean {
  return error instanceof LibpodError && error.code === "connection-lost";
}

/** Podman has not answered, as far as anybody can tell: it is away, frozen, or broke off. */
export function isNoAnswer(error: unknown): boolean {
  const cause = error instanceof DriverError ? error.cause : error;
  if (cause instanceof LibpodError) return ["unreachable", "connection-lost", "timeout", "closed"].includes(cause.code);
  return cause instanceof DOMException && cause.name === "TimeoutError";
}

/** Whether the same call may succeed later without anybody changing the job (Nomad then follows the restart policy). */
function mayPass(error: LibpodError): boolean {
  // It was there a moment ago: nothing is made of an image that nobody has looked for.
  if (isImageGone(error)) return true;
  switch (error.code) {
    case "unreachable":
    case "connection-lost":
    case "timeout":
    case "closed":
    case "conflict":
    case "bad-answer":
      return true;
    case "not-found":
    case "bad-request":
      return false;
    case "engine-error":
      return !isAboutTheJob(`${error.podmanCause ?? ""} ${error.podmanMessage ?? ""}`);
  }
}

/** Somebody has removed the image: 500 (podman 4.3) or 404. */
export function isImageGone(error: LibpodError): boolean {
  return /image not known|no such image/.test(`${error.podmanCause ?? ""} ${error.podmanMessage ?? ""}`);
}

/** Podman's words for mistakes in a task's configuration, which another try will not mend (podman 4.3, 5.4). */
const jobMistakes = [
  /was not found/,
  /permission denied/i,
  /no such file or directory/,
  /unable to find (user|group)/,
  /no command or entrypoint/,
  /invalid (argument|capability|value|config)/i,
  /unknown capability/i,
  /names must match/,
  /not supported/,
  /cannot unmarshal/,
  /wrong rlimit/,
  /unrecognized (namespace|network)/i,
  /network not found/,
  /not in any subnet/,
  /no secret with name/,
  /can't be set since/,
  /is not namespaced/,
  /unknown time zone/,
  /init binary/,
];

function isAboutTheJob(text: string): boolean {
  return jobMistakes.some((pattern) => pattern.test(text));
}

/** Another container has the name (podman: 500 up to 5.x). */
export function isNameConflict(error: unknown): boolean {
  return (
    error instanceof LibpodError &&
    /name .* is (already )?in use|already in use by/.test(`${error.podmanCause ?? ""} ${error.podmanMessage ?? ""}`)
  );
}

/** The ids of the containers that keep Podman from removing one, since they are in a namespace of it; empty: that is not what keeps it. */
export function toDependents(error: unknown, containerId: string): readonly string[] {
  const cause = error instanceof DriverError ? error.cause : error;
  if (!(cause instanceof LibpodError)) return [];
  const [, ids = ""] = /has dependent containers which must be removed before it: ?([^]*)/.exec(cause.podmanMessage ?? "") ?? [];
  return (ids.match(/[0-9a-f]{64}/g) ?? []).filter((id) => id !== containerId);
}

/** The id of the container that has the name, from Podman's answer to create. */
export function toNameHolder(error: unknown): string | undefined {
  return error instanceof LibpodError ? /in use by "?([0-9a-f]{64})/.exec(error.podmanMessage ?? "")?.[1] : undefined;
}
