job "board" {
  datacenters = ["dc1"]
  type        = "service"

  group "board" {
    network {
      port "http" {
        to = 8080
      }
    }

    task "board" {
      driver = "podman"

      config {
        image = "docker.io/example/board:2"
        ports = ["http"]

        labels = {
          "traefik.enable"                         = "true"
          "traefik.http.routers.board.rule"        = "Host(`board.example.com`)"
          "traefik.http.routers.board.entrypoints" = "web"
        }
      }
    }
  }
}
