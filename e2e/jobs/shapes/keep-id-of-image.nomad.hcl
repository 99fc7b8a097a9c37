job "database" {
  datacenters = ["dc1"]
  type        = "service"

  group "database" {
    task "database" {
      driver = "podman"

      env {
        POSTGRES_PASSWORD_FILE = "${NOMAD_SECRETS_DIR}/password"
      }

      kill_timeout = "60s"
      kill_signal  = "SIGINT"

      config {
        image    = "docker.io/library/postgres:16"
        userns   = "keep-id:uid=999,gid=999"
        volumes  = ["/srv/database:/var/lib/postgresql/data"]
        shm_size = "256m"
      }
    }
  }
}
