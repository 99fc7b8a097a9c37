job "tagged" {
  datacenters = ["dc1"]
  type        = "service"

  group "tagged" {
    task "tagged" {
      driver = "podman"

      config {
        image = "docker.io/library/busybox:1"

        labels = [
          {
            team  = "storage"
            stage = "test"
          },
        ]
      }
    }
  }
}
