# A shop, what must be there before it, what runs beside it, and what comes after it.
#
#   nomad-driver-podman run examples/orders.nomad.hcl
#   nomad-driver-podman run -var orders=20 examples/orders.nomad.hcl
#
# All tasks of a group share the folder /alloc/data; here they exchange their data through it.

variable "orders" {
  type    = number
  default = 3
}

locals {
  image = "localhost/busybox:1"
}

job "orders" {
  type = "batch"

  group "orders" {
    # What follows a failure, for all tasks of the group: at most two more tries a minute.
    restart {
      attempts = 2
      interval = "1m"
      delay    = "1s"
      mode     = "fail"
    }

    # prestart: ends with success before anything else starts.
    task "migrate" {
      driver = "podman"

      lifecycle {
        hook = "prestart"
      }

      config {
        image   = local.image
        command = "sh"
        args    = ["-c", "echo 'number;item' > /alloc/data/orders.csv && echo made an empty table"]
      }
    }

    # prestart with sidecar: starts with prestart, runs beside the main task, and is stopped after it.
    task "ship" {
      driver = "podman"

      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      config {
        image   = local.image
        command = "sh"
        # $$${…} is the shell's own ${…}: config is evaluated twice, and with fewer signs Nomad would look for the variable.
        args = ["-c", <<-EOT
          trap 'exit 0' TERM
          shipped=0
          while true; do
            total=$(grep -c '^[0-9]' /alloc/data/orders.csv)
            while [ "$shipped" -lt "$$${total:-0}" ]; do
              shipped=$((shipped + 1))
              echo "shipped order $shipped"
              echo "$shipped" > /alloc/data/shipped
            done
            sleep 0.1
          done
        EOT
        ]
      }
    }

    # The main task: done when every order is shipped.
    task "shop" {
      driver = "podman"

      env {
        ORDERS = var.orders
      }

      config {
        image   = local.image
        command = "sh"
        args = ["-c", <<-EOT
          for number in $(seq "$ORDERS"); do echo "$number;book" >> /alloc/data/orders.csv; done
          echo "took $ORDERS orders"
          until [ "$(cat /alloc/data/shipped 2>/dev/null)" = "$ORDERS" ] && [ -e /alloc/data/checked ]; do sleep 0.1; done
        EOT
        ]
      }
    }

    # poststart: starts when the main task runs. The first try fails, and the restart policy gives it another one.
    task "check" {
      driver = "podman"

      lifecycle {
        hook = "poststart"
      }

      config {
        image   = local.image
        command = "sh"
        args = ["-c", <<-EOT
          if [ ! -e /local/tried ]; then touch /local/tried; echo "not ready yet" >&2; exit 1; fi
          touch /alloc/data/checked
          echo "the shop is open"
        EOT
        ]
      }
    }

    # poststop: runs when everything else has ended, however that went.
    task "report" {
      driver = "podman"

      lifecycle {
        hook = "poststop"
      }

      config {
        image   = local.image
        command = "sh"
        args    = ["-c", "echo \"$(cat /alloc/data/shipped) of $(grep -c '^[0-9]' /alloc/data/orders.csv) orders shipped\""]
      }
    }
  }
}
