job "inside" {
  datacenters = ["dc1"]
  type        = "service"

  group "inside" {
    count = 2

    network {
      port "http" {
        to           = 3000
        host_network = "private"
      }
      port "metrics" {
        to           = 9100
        host_network = "private"
      }
    }

    service {
      name     = "inside"
      port     = "http"
      provider = "nomad"
      tags     = ["traefik.enable=true", "traefik.http.routers.inside.rule=Host(`inside.example.com`)"]

      check {
        type     = "http"
        path     = "/health"
        interval = "10s"
        timeout  = "2s"
      }
    }

    task "inside" {
      driver = "podman"

      config {
        image  = "docker.io/example/inside:3"
        ports  = ["http", "metrics"]
        userns = "keep-id:uid=1000,gid=1000"
      }
    }
  }
}
