job "offline" {
  datacenters = ["dc1"]
  type        = "batch"

  group "offline" {
    task "offline" {
      driver = "podman"

      config {
        image = "docker-archive:${NOMAD_TASK_DIR}/offline.tar"
      }
    }
  }
}
