job "tunnelled" {
  datacenters = ["dc1"]
  type        = "service"

  group "tunnelled" {
    network {
      port "http" {
        to = 8080
      }
    }

    task "tunnel" {
      driver = "podman"

      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      config {
        image   = "docker.io/example/tunnel:1"
        ports   = ["http"]
        cap_add = ["NET_ADMIN", "NET_RAW"]
        devices = ["/dev/net/tun:/dev/net/tun"]
        sysctl  = {
          "net.ipv4.conf.all.src_valid_mark" = "1"
        }
      }
    }

    task "downloads" {
      driver = "podman"

      config {
        image        = "docker.io/example/downloads:1"
        network_mode = "task:tunnel"
        volumes      = ["/srv/downloads:/downloads"]
      }
    }
  }
}
