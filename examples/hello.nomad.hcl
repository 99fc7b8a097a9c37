# Three tasks that show one another: a file is written, served, and fetched.
#
#   nomad-driver-podman run examples/hello.nomad.hcl
job "hello" {
  type = "batch"

  group "hello" {
    network {
      # A free port of this machine leads to port 8080 inside the container.
      port "http" {
        to = 8080
      }
    }

    # Runs before the main task, and writes into the folder that all tasks of the group share.
    task "seed" {
      driver = "podman"

      lifecycle {
        hook = "prestart"
      }

      config {
        image   = "localhost/busybox:1"
        command = "sh"
        args    = ["-c", "echo \"Hello from $NOMAD_TASK_NAME of job $NOMAD_JOB_NAME.\" > /alloc/data/index.html"]
      }
    }

    # A sidecar: starts before the main task, and is stopped after it.
    task "web" {
      driver = "podman"

      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      config {
        image   = "localhost/busybox:1"
        command = "sh"
        # The first process of a container must ask for SIGTERM, or it is killed after the kill timeout.
        args  = ["-c", "trap 'exit 0' TERM; httpd -f -p 8080 -h /alloc/data & wait"]
        ports = ["http"]
      }
    }

    # The main task. Its exit code is the exit code of the whole run.
    task "fetch" {
      driver = "podman"

      config {
        image        = "localhost/busybox:1"
        network_mode = "host"
        command      = "sh"
        args = ["-c", <<-EOT
          url="http://${NOMAD_ADDR_http}/index.html"
          for attempt in 1 2 3 4 5 6 7 8 9 10; do
            if timeout 2 wget -q -O /local/page "$url"; then
              cat /local/page
              echo "fetched from $url, attempt $attempt" >&2
              exit 0
            fi
            sleep 0.2
          done
          echo "$url did not answer" >&2
          exit 1
        EOT
        ]
      }

      resources {
        memory = 32
      }
    }
  }
}
