/**
 * Settles when the signal fires; at once where it has fired. Its listener stays until then, so the signal should live no longer
 * than the wait.
 */
export async function waitAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}
