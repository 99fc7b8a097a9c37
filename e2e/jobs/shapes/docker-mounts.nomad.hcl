job "grafana" {
  datacenters = ["dc1"]
  type        = "service"

  group "grafana" {
    network {
      port "http" {
        to = 8080
      }
    }

    task "grafana" {
      driver = "podman"

      config {
        image = "grafana/grafana:11.1.0"
        ports = ["http"]

        mount {
          type     = "bind"
          source   = "local/provisioning"
          target   = "/etc/grafana/provisioning"
          readonly = true
          bind_options {
            propagation = "rshared"
          }
        }

        mount {
          type   = "tmpfs"
          target = "/tmp"
          tmpfs_options {
            size = 67108864
          }
        }

        mounts = [
          {
            type           = "volume"
            source         = "grafana"
            target         = "/var/lib/grafana"
            volume_options = {
              no_copy       = true
              labels        = { app = "grafana" }
              driver_config = {
                name = "local"
              }
            }
          },
        ]
      }
    }
  }
}
