# The keys of Nomad's Docker driver, in its spelling; only `driver` says podman. `storage_opt` is not among them: Podman takes a size
# on xfs with project quotas alone, and no test machine has that ("only supported for backingFS XFS", podman 4.3).
variable "runtime" {}
variable "network" {}
variable "volume" {}
variable "image" {}
variable "archive" {}

job "moved" {
  type = "batch"

  group "moved" {
    restart {
      attempts = 0
      mode     = "fail"
    }

    network {
      port "http" {
        to = 8080
      }

      port "old" {}
    }

    task "joined" {
      driver = "podman"

      config {
        image                  = "localhost/busybox:1"
        network_mode           = var.network
        network_aliases        = ["moved", "moved.internal"]
        mac_address            = "02:42:ac:11:00:0b"
        ipv4_address           = "10.201.90.10"
        ipv6_address           = "fd00:90::10"
        advertise_ipv6_address = true
        ports                  = ["http"]
        image_pull_timeout     = "5m"
        auth_soft_fail         = true

        auth {
          username       = "reader"
          password       = "not-a-secret"
          server_address = "registry.example.com"
        }

        entrypoint = ["sh", "-c"]
        args = [<<-EOT
          echo mac $(cat /sys/class/net/eth0/address)
          echo address $(ip -4 -o addr show eth0 | sed 's/.* inet \([0-9.]*\).*/\1/')
          echo address6 $(ip -6 -o addr show eth0 scope global | sed 's/.* inet6 \([0-9a-f:]*\).*/\1/')
          nslookup moved.internal >/tmp/names; echo alias $(grep -c 10.201.90.10 /tmp/names)
        EOT
        ]
      }
    }

    task "limited" {
      driver = "podman"

      config {
        image             = "localhost/busybox:1"
        network_mode      = "bridge"
        runtime           = var.runtime
        work_dir          = "/made/by/docker"
        interactive       = true
        group_add         = ["4242"]
        shm_size          = 33554432
        memory_hard_limit = 96
        cpu_hard_limit    = true
        cpu_cfs_period    = 50000
        cpuset_cpus       = "0"
        isolation         = ""

        container_exists_attempts = 5

        pids_limit        = 64
        oom_score_adj     = 300
        volume_driver     = "local"
        volumes           = ["${var.volume}:/named", "local/shared:/shared:ro,cached"]

        dns_servers        = ["192.0.2.53"]
        dns_search_domains = ["example.test"]
        dns_options        = ["ndots:2"]
        extra_hosts        = ["db.example.test:192.0.2.10"]

        healthchecks {
          disable = true
        }

        devices {
          host_path          = "/dev/null"
          container_path     = "/dev/mine"
          cgroup_permissions = "rw"
        }

        mount {
          type     = "bind"
          source   = "local/shared"
          target   = "/bound"
          readonly = true
          bind_options {
            propagation = "rslave"
          }
        }

        mount {
          type   = "volume"
          source = "${var.volume}-made"
          target = "/made"
          volume_options {
            no_copy = true
            labels {
              moved = "yes"
            }
            driver_config {
              name = "local"
              options {
                type   = "tmpfs"
                device = "tmpfs"
                o      = "nosuid,nodev"
              }
            }
          }
        }

        mounts = [
          {
            type   = "tmpfs"
            target = "/memory"
            tmpfs_options = {
              size = 1048576
            }
          },
        ]

        ulimit {
          nofile = "1024:2048"
          nproc  = "512:1024"
        }

        sysctl = {
          "net.core.somaxconn" = "77"
        }

        logging {
          type = "json-file"
          config {
            max-size = "1m"
          }
        }

        command = "sh"
        args = ["-c", <<-EOT
          echo in $(pwd)
          echo input $(readlink /proc/self/fd/0 | cut -d: -f1)
          echo groups $(id -G)
          echo shm $(sed -n 's/.* \/dev\/shm .*size=\([0-9]*k\).*/\1/p' /proc/mounts)
          echo memory $(cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null)
          echo period $(cat /sys/fs/cgroup/cpu/cpu.cfs_period_us 2>/dev/null || cut -d" " -f2 /sys/fs/cgroup/cpu.max)
          echo pids $(cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null)
          echo score $(cat /proc/self/oom_score_adj)
          echo files $(ulimit -Sn) $(ulimit -Hn)
          echo queue $(cat /proc/sys/net/core/somaxconn)
          echo resolver $(cat /etc/resolv.conf)
          echo hosts $(grep -c '^192.0.2.10.*db.example.test' /etc/hosts)
          echo device $(stat -c %t:%T /dev/mine)
          echo text > /named/file; echo named $(cat /named/file)
          echo memory-mount $(sed -n 's/.* \/memory .*size=\([0-9]*k\).*/\1/p' /proc/mounts)
          echo volume $(sed -n 's/^tmpfs \/made \(tmpfs\) .*nosuid.*/\1/p' /proc/mounts)
          touch /bound/x 2>/dev/null || echo bound read-only
          touch /shared/x 2>/dev/null || echo shared read-only
        EOT
        ]
      }

      resources {
        memory = 64
      }

      template {
        destination = "local/shared/file"
        data        = "text"
      }
    }

    task "mapped" {
      driver = "podman"

      config {
        image        = "localhost/busybox:1"
        network_mode = "bridge"

        port_map {
          old = 8081
        }

        command = "sh"
        args = ["-c", <<-EOT
          echo inside $NOMAD_PORT_old
          echo mapped text >/local/index.html
          httpd -p 8081 -h /local
          while [ ! -e /alloc/data/fetched ]; do sleep 0.1; done
        EOT
        ]
      }
    }

    task "confined" {
      driver = "podman"

      artifact {
        source = var.archive
        options {
          archive = false
        }
      }

      config {
        image           = var.image
        load            = "moved.tar"
        force_pull      = false
        network_mode    = "none"
        hostname        = "moved-host"
        init            = true
        tty             = true
        cap_add         = ["net_admin"]
        cap_drop        = ["mknod", "CAP_CHOWN"]
        security_opt    = ["no-new-privileges"]
        readonly_rootfs = true
        privileged      = false

        auth {
          email = "reader@example.com"
        }

        labels {
          moved = "yes"
        }

        logging {
          driver = "json-file"
        }

        mount {
          type   = "tmpfs"
          target = "/memory"
          tmpfs_options {
            mode = 488
          }
        }

        command = "sh"
        args = ["-c", <<-EOT
          has() { echo $1 $((0x$(sed -n 's/^CapBnd:.//p' /proc/self/status) >> $2 & 1)); }
          echo host $(hostname)
          test $(cat /proc/1/comm) = sh || echo init first
          test -t 0 && echo terminal
          has net_admin 12
          has mknod 27
          has chown 0
          has kill 5
          echo locked $(sed -n 's/^NoNewPrivs:.//p' /proc/self/status)
          touch /file 2>/dev/null || echo root read-only
          echo mode $(stat -c %a /memory)
        EOT
        ]
      }
    }

    task "open" {
      driver = "podman"

      config {
        image        = "localhost/busybox:1"
        network_mode = "host"
        pid_mode     = "host"
        ipc_mode     = "host"
        uts_mode     = "host"
        userns_mode  = "host"
        cgroupns     = "host"
        privileged   = true
        command      = "sh"
        args = ["-c", <<-EOT
          for name in cgroup ipc net pid user uts; do readlink /proc/self/ns/$name; done
          i=0; until timeout 5 wget -qO- http://$NOMAD_ADDR_old/ || [ $((i += 1)) -gt 100 ]; do sleep 0.1; done
          touch /alloc/data/fetched
        EOT
        ]
      }
    }
  }
}
