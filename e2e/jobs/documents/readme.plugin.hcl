# volumes
plugin "nomad-driver-podman" {
  config {
    volumes {
      enabled      = true
      selinuxlabel = "z"
    }
  }
}

# gc
plugin "nomad-driver-podman" {
  config {
    gc {
      container = false
    }
  }
}

# recover_stopped
plugin "nomad-driver-podman" {
  config {
    recover_stopped = false
  }
}

# socket_path
plugin "nomad-driver-podman" {
  config {
    socket_path = "unix://run/podman/io.podman"
  }
}

# disable_log_collection
plugin "nomad-driver-podman" {
  config {
    disable_log_collection = false
  }
}
