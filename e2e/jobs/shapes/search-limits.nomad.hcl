job "search" {
  datacenters = ["dc1"]
  type        = "service"

  group "search" {
    task "search" {
      driver = "podman"

      resources {
        cpu    = 1000
        memory = 2048
      }

      config {
        image              = "docker.elastic.co/elasticsearch/elasticsearch:8.15.0"
        memory_reservation = "512m"
        memory_swap        = "2g"

        ulimit {
          nofile  = "65536:65536"
          memlock = "-1:-1"
        }
      }
    }
  }
}
