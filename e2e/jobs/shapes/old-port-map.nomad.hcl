job "old" {
  datacenters = ["dc1"]
  type        = "service"

  group "old" {
    task "old" {
      driver = "podman"

      resources {
        network {
          mbits = 10
          port "db" {}
        }
      }

      config {
        image = "docker.io/library/redis:7"
        port_map {
          db = 6379
        }
      }
    }
  }
}
