# A pod of two containers as a group: what `podman pod create` and `podman run --pod` are given there.
job "notes" {
  datacenters = ["dc1"]
  type        = "service"

  group "notes" {
    network {
      port "http" {
        static = 8388
        to     = 3000
      }
    }

    task "database" {
      driver = "podman"

      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      config {
        image   = "docker.io/postgres:13"
        ports   = ["http"]
        labels  = { "io.containers.autoupdate" = "image" }
        volumes = ["/srv/notes/database/:/var/lib/postgresql/data:Z"]
      }

      env {
        PGDATA            = "/var/lib/postgresql/data/pgdata"
        POSTGRES_PASSWORD = "not-a-secret"
        POSTGRES_USER     = "notes"
        POSTGRES_DB       = "notes"
      }
    }

    task "application" {
      driver = "podman"

      config {
        image        = "quay.io/notes/notes:latest"
        network_mode = "task:database"
        labels       = { "io.containers.autoupdate" = "image" }
        volumes      = ["/srv/notes/uploads/:/app/public/uploads:Z"]
      }

      env {
        CMD_LOGLEVEL     = "verbose"
        CMD_DB_URL       = "postgres://notes:not-a-secret@127.0.0.1:5432/notes?sslmode=disable"
        CMD_HOST         = "0.0.0.0"
        CMD_PORT         = "3000"
        CMD_URL_ADDPORT  = "false"
      }
    }
  }
}
