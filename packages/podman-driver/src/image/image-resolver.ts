import type { ImageInspect, PodmanClient } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { withoutStep } from "../errors.ts";

export interface ImageRequest {
  /** As Podman is to be asked for it. */
  readonly reference: string;
  readonly forcePull: boolean;
  readonly pullTimeoutMs: number;
  /** Called once, before a pull begins. */
  onPull(reference: string): void;
}

/**
 * The image to run: the one present, or pulled as Podman itself would. Rejects with a recoverable `DriverError` when
 * trying again may help (network, registry, time-out), and a final one when it cannot (no such image, no access).
 */
export async function resolveImage(podman: PodmanClient, request: ImageRequest, signal: AbortSignal): Promise<ImageInspect> {
  const { reference } = request;
  const present = request.forcePull ? undefined : await podman.images.inspect(reference, signal);
  if (present !== undefined) return present;
  if (reference.startsWith("localhost/")) {
    throw new DriverError("failed", `image ${reference} is not present in this Podman service, and images under localhost/ come from no registry: build, load or tag it there`);
  }
  request.onPull(reference);
  const id = await pull(podman, reference, request.pullTimeoutMs, signal);
  const pulled = await podman.images.inspect(id, signal);
  if (pulled !== undefined) return pulled;
  throw new DriverError("failed", `image ${reference}: it was pulled and has vanished again`, { recoverable: true });
}

async function pull(podman: PodmanClient, reference: string, timeoutMs: number, signal: AbortSignal): Promise<string> {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    let id = "";
    for await (const update of podman.images.pull({ reference }, AbortSignal.any([signal, deadline]))) {
      if (update.kind === "done") id = update.id;
    }
    return id;
  } catch (error) {
    signal.throwIfAborted();
    const step = `pull image ${reference}`;
    const text = deadline.aborted ? `not pulled within image_pull_timeout (${timeoutMs / 1000} s)` : withoutStep(step, errorText(error));
    throw new DriverError("failed", `${step}: ${text}${toAdvice(reference, text)}`, { recoverable: deadline.aborted || !isFinal(text), cause: error });
  }
}

/** What a registry says when another try would give the same answer. */
const finalAnswers = [
  "manifest unknown",
  "name unknown",
  "not found",
  "unauthorized",
  "authentication required",
  "denied",
  "invalid reference format",
  "short-name",
  "unknown transport",
];

function isFinal(text: string): boolean {
  const lower = text.toLowerCase();
  return finalAnswers.some((answer) => lower.includes(answer));
}

/** Hosts differ in what a name without a registry stands for; the one that is meant is nearly always Docker Hub's. */
function toAdvice(reference: string, text: string): string {
  if (!text.includes("short-name")) return "";
  const path = reference.includes("/") ? reference : `library/${reference}`;
  return `; write the image with its registry, such as docker.io/${path}`;
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
