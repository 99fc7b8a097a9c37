job "worker" {
  datacenters = ["dc1"]
  type        = "service"

  group "worker" {
    task "worker" {
      driver = "podman"

      config {
        image = "docker.io/example/worker:1"

        logging {
          driver = "journald"
        }
      }
    }
  }
}
