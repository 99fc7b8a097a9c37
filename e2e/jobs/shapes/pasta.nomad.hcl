job "site" {
  datacenters = ["dc1"]
  type        = "service"

  group "site" {
    network {
      port "http" {
        to = 8080
      }
    }

    task "site" {
      driver = "podman"

      config {
        image        = "docker.io/library/nginx:1.27"
        network_mode = "pasta"
        ports        = ["http"]
      }
    }
  }
}
