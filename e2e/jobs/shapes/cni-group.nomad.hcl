job "routed" {
  datacenters = ["dc1"]
  type        = "service"

  group "routed" {
    network {
      mode = "cni/macvlan"
    }

    task "routed" {
      driver = "podman"

      config {
        image = "docker.io/library/nginx:1.27"
      }
    }
  }
}
