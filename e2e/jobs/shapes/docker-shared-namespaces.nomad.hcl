job "shared" {
  datacenters = ["dc1"]
  type        = "service"

  group "shared" {
    task "shared" {
      driver = "podman"

      config {
        image    = "example/shared:1"
        init     = true
        pid_mode = "host"
        ipc_mode = "host"
        shm_size = 268435456
      }
    }
  }
}
