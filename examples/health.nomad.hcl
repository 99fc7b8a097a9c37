# Checks of a service, and a task that they start again.
#
#   nomad-driver-podman run examples/health.nomad.hcl
#
# The server does not answer after its first start. The check sees it, and check_restart starts it again, as after a failure.

job "health" {
  type = "batch"

  group "health" {
    network {
      port "http" {}
    }

    restart {
      attempts = 1
      interval = "1m"
      delay    = "0s"
      mode     = "fail"
    }

    task "server" {
      driver = "podman"

      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      service {
        name     = "page"
        port     = "http"
        provider = "nomad"

        check {
          name     = "answers"
          type     = "http"
          path     = "/index.html"
          interval = "1s"
          timeout  = "1s"

          check_restart {
            limit = 2
            grace = "2s"
          }
        }
      }

      config {
        image        = "localhost/busybox:1"
        network_mode = "host"
        command      = "sh"
        args = ["-c", <<-EOT
          echo start >> /local/starts
          [ $(wc -l < /local/starts) = 1 ] && sleep 3600
          echo well > /local/index.html
          exec httpd -f -p $NOMAD_ADDR_http -h /local
        EOT
        ]
      }
    }

    # Waits for the second start of the server.
    task "visitor" {
      driver = "podman"

      config {
        image        = "localhost/busybox:1"
        network_mode = "host"
        command      = "sh"
        args         = ["-c", "until wget -q -O - http://$NOMAD_ADDR_http/index.html; do sleep 0.2; done; sleep 2"]
      }
    }
  }
}
