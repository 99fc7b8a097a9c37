job "script" {
  datacenters = ["dc1"]
  type        = "batch"

  group "script" {
    network {
      port "http" {
        to = 8080
      }
    }

    task "script" {
      driver = "podman"

      config {
        image      = "docker.io/library/alpine:3.20"
        entrypoint = ["/bin/sh", "-c"]
        args       = ["apk add curl && curl -fsS http://${NOMAD_ADDR_http}/ > ${NOMAD_TASK_DIR}/page"]
      }
    }
  }
}
