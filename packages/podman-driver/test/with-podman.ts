import { PodmanClient } from "@driver/libpod";
import { testSetting } from "@driver/testing";

/** Work with a client of an engine, which ends with it. Default: the engine of this test run. */
export async function withPodman<T>(
  work: (podman: PodmanClient) => Promise<T>,
  socketPath = testSetting("TEST_PODMAN_SOCKET"),
): Promise<T> {
  const podman = new PodmanClient({ socketPath });
  try {
    return await work(podman);
  } finally {
    podman.close();
  }
}
