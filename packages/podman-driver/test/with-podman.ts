import { PodmanClient } from "@driver/libpod";
import { testSetting } from "@driver/testing";

/** Work with a client of the engine of this test run, which ends with it. */
export async function withPodman<T>(work: (podman: PodmanClient) => Promise<T>): Promise<T> {
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  try {
    return await work(podman);
  } finally {
    podman.close();
  }
}
