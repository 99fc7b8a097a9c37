job "moved" {
  datacenters = ["dc1"]
  type        = "service"

  group "moved" {
    task "moved" {
      driver = "podman"

      config {
        image             = "example/moved:1"
        work_dir          = "/srv"
        userns_mode       = "host"
        uts_mode          = "host"
        cgroupns          = "host"
        network_mode      = "moved"
        network_aliases   = ["moved", "${NOMAD_TASK_NAME}"]
        mac_address       = "02:42:ac:11:00:02"
        memory_hard_limit = 512
        interactive       = true
        shm_size          = 268435456
        group_add         = ["audio"]
        healthchecks {
          disable = true
        }
      }
    }
  }
}
