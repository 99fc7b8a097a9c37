variable "image" {
  type        = string
  default     = "busybox"
  description = "What to run"
}

variables {
  greeting = "hello"
}

locals {
  full_name = "${local.prefix}-${var.image}"
  prefix    = "x"
  ports     = { http = 80, admin = 9000 }
}

job "everything" {
  type        = "batch"
  datacenters = ["dc1", "dc2"]
  region      = "eu"
  namespace   = "apps"
  priority    = 60
  node_pool   = "all"

  meta {
    owner = "me"
  }

  constraint {
    attribute = "${attr.kernel.name}"
    value     = "linux"
  }

  reschedule {
    attempts = 1
  }

  group "web" {
    count          = 2
    shutdown_delay = "2s"

    ephemeral_disk {
      size = 300
    }

    restart {
      attempts = 5
      mode     = "delay"
    }

    network {
      mode = "bridge"
      dynamic "port" {
        for_each = local.ports
        labels   = [port.key]
        content {
          to = port.value
        }
      }
      port "fixed" {
        static       = 8080
        host_network = "public"
      }
      dns {
        servers  = ["10.0.0.1"]
        searches = ["local"]
        options  = ["ndots:2"]
      }
    }

    service {
      name = "web"
      port = "http"
      check {
        type     = "http"
        path     = "/"
        interval = "10s"
        timeout  = "2s"
      }
    }

    task "server" {
      driver         = "podman"
      user           = "1000:1000"
      leader         = true
      kill_timeout   = "1m30s"
      kill_signal    = "SIGINT"
      shutdown_delay = "250ms"

      env {
        GREETING = var.greeting
        ADDRESS  = "${NOMAD_ADDR_http}"
        COUNT    = 3
        VERBOSE  = true
      }

      meta = {
        "dotted.key" = "y"
      }

      config {
        image = local.full_name
        args  = ["--port", "${NOMAD_PORT_http}", "--node", "${node.unique.name}"]
        labels = {
          role = upper("web")
        }
        logging {
          driver = "journald"
          options {
            tag = "web"
          }
        }
      }

      template {
        destination = "local/app.conf"
        perms       = "600"
        data        = <<-EOT
          name = ${var.image}
            indented
        EOT
      }

      template {
        destination = "secrets/app.env"
        env         = true
        data        = "A=1\n"
      }

      logs {
        max_files     = 3
        max_file_size = 5
        disabled      = true
      }

      resources {
        cores      = 2
        memory     = 128
        memory_max = 256
      }
    }

    task "prepare" {
      driver = "podman"

      lifecycle {
        hook    = "prestart"
        sidecar = false
      }

      restart {
        attempts = 0
      }
    }
  }
}
