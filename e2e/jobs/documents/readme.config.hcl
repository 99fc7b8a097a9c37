# image
config {
  image = "docker://redis"
}

# auth
config {
  image = "registry.example.com/some/image"
  auth {
    username = "someuser"
    password = "not-a-secret"
  }
}

# entrypoint
config {
  entrypoint = "/entrypoint.sh"
}

# command
config {
  command = "some-command"
}

# args
config {
  args = [
    "arg1",
    "arg2",
  ]
}

# working_dir
config {
  working_dir = "/data"
}

# volumes
config {
  volumes = [
    "/some/host/data:/container/data:ro,noexec"
  ]
}

# tmpfs
config {
  tmpfs = [
    "/var"
  ]
}

# devices
config {
  devices = [
    "/dev/net/tun"
  ]
}

# init
config {
  init = true
}

# init_path
config {
  init = true
  init_path = /usr/libexec/podman/catatonit
}

# user
user = nobody

config {
}

# logging
config {
  logging = {
    driver = "nomad"
  }
}

# logging, 2
config {
  logging = {
    driver = "journald"
    options = [
      {
        "tag" = "redis"
      }
    ]
  }
}

# memory_reservation
config {
  memory_reservation = "100m"
}

# memory_swap
config {
  memory_swap = "180m"
}

# memory_swappiness
config {
  memory_swappiness = 60
}

# network_mode
config {
  network_mode = "bridge"
}

# cap_add
config {
  cap_add = [
    "SYS_TIME"
  ]
}

# cap_drop
config {
  cap_add = [
    "MKNOD"
  ]
}

# sysctl
config {
  sysctl = {
    "net.core.somaxconn" = "16384"
  }
}

# labels
config {
  labels = {
    "nomad" = "job"
  }
}

# force_pull
config {
  force_pull = true
}
