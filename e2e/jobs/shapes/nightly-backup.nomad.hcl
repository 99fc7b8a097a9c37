job "backup" {
  datacenters = ["dc1"]
  type        = "batch"

  periodic {
    crons            = ["30 2 * * *"]
    prohibit_overlap = true
    time_zone        = "Europe/Paris"
  }

  group "backup" {
    task "dump" {
      driver = "podman"

      lifecycle {
        hook = "prestart"
      }

      config {
        image        = "docker.io/library/postgres:16"
        command      = "bash"
        args         = ["/local/dump.sh"]
        network_mode = "host"
        volumes      = ["/srv/backup:/backup"]
      }

      template {
        destination = "local/dump.sh"
        perms       = "755"
        data        = <<-EOT
          #!/bin/bash
          pg_dumpall --file "/backup/$(date +%F).sql"
        EOT
      }
    }

    task "send" {
      driver = "podman"

      config {
        image      = "docker.io/restic/restic:0.17.3"
        args       = ["backup", "/backup", "--host", "${attr.unique.hostname}"]
        hostname   = "backup-${NOMAD_SHORT_ALLOC_ID}"
        volumes    = ["/srv/backup:/backup:ro,rslave"]
        force_pull = true
      }

      resources {
        cpu        = 200
        memory     = 128
        memory_max = 1024
      }
    }
  }
}
