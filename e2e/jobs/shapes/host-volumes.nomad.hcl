job "media" {
  datacenters = ["dc1"]
  type        = "service"

  group "media" {
    network {
      port "http" {
        to = 8080
      }
    }

    task "media" {
      driver = "podman"

      env {
        PUID = "1000"
        PGID = "1000"
        TZ   = "Europe/Paris"
      }

      resources {
        cpu        = 500
        memory     = 256
        memory_max = 1024
      }

      config {
        image   = "docker.io/example/media:latest"
        ports   = ["http"]
        volumes = [
          "/srv/media/config:/config",
          "/srv/media/films:/films:ro",
          "/etc/localtime:/etc/localtime:ro",
        ]
      }
    }
  }
}
