job "example" {
  datacenters = ["dc1"]
  network {
    port "db" {
      to = 6379
    }
  }

  group "cache" {
    task "redis" {
      driver = "podman"

      config {
        image = "docker://redis:3.2"
        ports = ["db"]
      }

      resources {
        cpu    = 500
        memory = 256
      }
    }
  }
}
