# image
config {
  image = "docker://redis"
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

# volumes
config {
  volumes = [
    "/some/host/data:/container/data"
  ]
}

# tmpfs
config {
  tmpfs = [
    "/var"
  ]
}

# init
config {
  init = true
}

# init_path
config {
  init = true
  init_path = "/usr/libexec/podman/catatonit"
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
