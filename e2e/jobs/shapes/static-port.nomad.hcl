job "proxy" {
  datacenters = ["dc1"]
  type        = "service"

  group "proxy" {
    network {
      port "web" {
        static = 80
      }
      port "admin" {
        static = 8081
      }
    }

    service {
      name     = "proxy"
      port     = "web"
      provider = "nomad"

      check {
        type     = "http"
        path     = "/ping"
        interval = "10s"
        timeout  = "2s"
      }
    }

    task "proxy" {
      driver = "podman"

      config {
        image = "docker.io/library/traefik:3.1"
        ports = ["web", "admin"]
        args  = ["--entrypoints.web.address=:80", "--api.dashboard=true", "--ping"]
      }
    }
  }
}
