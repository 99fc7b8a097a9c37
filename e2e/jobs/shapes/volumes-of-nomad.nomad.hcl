job "database" {
  datacenters = ["dc1"]
  type        = "service"

  group "database" {
    volume "data" {
      type      = "host"
      source    = "database"
      read_only = false
    }

    network {
      mode = "bridge"
      port "db" {
        static = 5432
        to     = 5432
      }
    }

    task "database" {
      driver       = "podman"
      kill_timeout = "30s"
      kill_signal  = "SIGINT"

      config {
        image    = "docker.io/library/postgres:16"
        ports    = ["db"]
        shm_size = "256m"
        volumes  = ["local/init.sql:/docker-entrypoint-initdb.d/init.sql:ro"]
      }

      volume_mount {
        volume      = "data"
        destination = "/var/lib/postgresql/data"
      }

      template {
        destination = "local/init.sql"
        data        = "create extension if not exists pg_trgm;"
      }
    }
  }
}
