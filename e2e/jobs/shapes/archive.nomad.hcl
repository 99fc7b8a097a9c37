job "offline" {
  datacenters = ["dc1"]
  type        = "batch"

  group "offline" {
    task "offline" {
      driver = "podman"

      config {
        image = "docker-archive:/srv/images/offline.tar"
      }
    }
  }
}
