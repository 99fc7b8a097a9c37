job "moved" {
  datacenters = ["dc1"]
  type        = "service"

  group "moved" {
    network {
      port "http" {
        to = 8080
      }
    }

    task "moved" {
      driver = "podman"

      config {
        image = "example/moved:1"

        port_map = {
          http = 8080
        }

        devices = [
          {
            host_path          = "/dev/snd"
            container_path     = "/dev/snd"
            cgroup_permissions = "rwm"
          },
        ]

        ulimit {
          nproc  = "4242"
          nofile = "2048:4096"
        }

        logging {
          type = "json-file"
          config {
            max-size = "10m"
            max-file = "3"
          }
        }
      }
    }
  }
}
