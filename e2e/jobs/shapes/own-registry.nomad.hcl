variable "tag" {
  type    = string
  default = "1.4.2"
}

job "shop" {
  datacenters = ["dc1"]
  type        = "service"

  group "shop" {
    task "shop" {
      driver = "podman"

      config {
        image      = "registry.example.com:5000/shop/web:${var.tag}"
        force_pull = true

        auth {
          username   = "reader"
          password   = "not-a-secret"
          tls_verify = false
        }
      }
    }
  }
}
