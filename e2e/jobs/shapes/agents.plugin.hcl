# volumes
plugin "nomad-driver-podman" {
  config {
    volumes {
      enabled      = true
      selinuxlabel = "z"
    }
    socket_path = "unix:///run/podman/podman.sock"
  }
}

# a path without slashes before it
plugin "nomad-driver-podman" {
  config {
    socket_path = "unix:/run/podman/podman.sock"
  }
}

# two slashes, volumes off
plugin "nomad-driver-podman" {
  config {
    socket_path = "unix://run/user/1000/podman/podman.sock"
    volumes {
      enabled = false
    }
  }
}

# labels and clean-up
plugin "nomad-driver-podman" {
  config {
    extra_labels    = ["job_name", "task_group_name", "task_name", "namespace", "node_name"]
    recover_stopped = true
    gc {
      container = true
    }
    logging {
      driver = "journald"
    }
  }
}

# several services, one without a name
plugin "nomad-driver-podman" {
  config {
    socket {
      socket_path = "unix:///run/podman/podman.sock"
    }
    socket {
      name        = "rootless"
      socket_path = "unix:///run/user/1000/podman/podman.sock"
    }
  }
}

# logins
plugin "nomad-driver-podman" {
  config {
    client_http_timeout = "60s"
    auth {
      config = "/etc/containers/auth.json"
      helper = "ecr-login"
    }
  }
}

# what a generator writes down that has nothing to say
plugin "nomad-driver-podman" {
  config {
    client_http_timeout = ""
    auth {
      config = ""
      helper = ""
    }
    extra_labels = []
  }
}

# a user's service beside root's
plugin "nomad-driver-podman" {
  config {
    socket {
      name        = "default"
      socket_path = "unix:///run/podman/podman.sock"
    }
    socket {
      name      = "app"
      host_user = "root"
    }
    volumes {
      enabled      = true
      selinuxlabel = "z"
    }
    recover_stopped = true
  }
}
