# entrypoint
config {
  entrypoint = [
    "/bin/bash",
    "-c"
  ]
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

# userns
config {
  userns = "keep-id:uid=200,gid=210"
}

# network_mode
config {
  network_mode = "bridge"
}

# userns, empty
config {
  userns = ""
}

# userns, keep-id
config {
  userns = "keep-id"
}

# userns, auto
config {
  userns = "auto"
}

# userns, auto:size=8192
config {
  userns = "auto:size=8192"
}

# userns, auto:uidmapping=0:100000:1000,gidmapping=0:100000:1000
config {
  userns = "auto:uidmapping=0:100000:1000,gidmapping=0:100000:1000"
}

# userns, nomap
config {
  userns = "nomap"
}

# userns, host
config {
  userns = "host"
}

# userns, container:web
config {
  userns = "container:web"
}

# userns, ns:/proc/1/ns/user
config {
  userns = "ns:/proc/1/ns/user"
}

# network_mode, none
config {
  network_mode = "none"
}

# network_mode, host
config {
  network_mode = "host"
}

# network_mode, slirp4netns
config {
  network_mode = "slirp4netns"
}

# network_mode, container:web
config {
  network_mode = "container:web"
}

# network_mode, task:server
config {
  network_mode = "task:server"
}
