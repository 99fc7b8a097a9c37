job "encoder" {
  datacenters = ["dc1"]
  type        = "batch"

  group "encoder" {
    count = 3

    task "encoder" {
      driver = "podman"

      resources {
        cores      = 1
        memory     = 128
        memory_max = 256
      }

      config {
        image          = "docker.io/example/encoder:2"
        cpu_hard_limit = true
        args           = ["--threads", "${NOMAD_CPU_LIMIT}"]
      }
    }
  }
}
