variable "names" {
  type    = list(string)
  default = ["first", "second"]
}

locals {
  image = "docker.io/library/busybox:1"
}

job "nodes" {
  datacenters = ["dc1"]
  type        = "service"

  dynamic "group" {
    for_each = var.names
    labels   = [group.value]

    content {
      task "node" {
        driver = "podman"

        config {
          image    = local.image
          hostname = "${group.value}.example.com"
          args     = ["sleep", "${10 + group.key}"]
        }
      }
    }
  }
}
