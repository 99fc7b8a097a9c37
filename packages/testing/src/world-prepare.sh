# First process of a world: runs as PID 1 in new mount, pid and cgroup namespaces (and a network one, when
# WORLD_NETWORK=own) and becomes catatonit, which reaps what nobody waits for. $@ is the command of the world.
set -eu

mount --make-rprivate /
if [ "$WORLD_NETWORK" = own ]; then
  ip link set lo up
fi

# Group files as seen from the world's own root. On pure v2 the processes have left that root already, since it could not
# hand controllers to the containers.
if [ "$WORLD_CGROUPS" = own ]; then
  grep -E ' cgroup2? ' /proc/mounts >"$WORLD_FOLDER/cgroup-mounts" || true
  while read -r device point type options rest; do
    umount "$point"
    if [ "$type" = cgroup2 ]; then
      mount -t cgroup2 cgroup2 "$point"
    else
      mount -t cgroup -o "$(echo "$options" | tr ',' '\n' | grep -vE '^(rw|ro|nosuid|nodev|noexec|relatime|release_agent=.*)$' | paste -sd ,)" cgroup "$point"
    fi
  done <"$WORLD_FOLDER/cgroup-mounts"
fi

# Another release's programs and libraries. Of /etc only what they are configured by, since accounts and names are the host's.
if [ -n "${WORLD_USERLAND:-}" ]; then
  if [ "$WORLD_CGROUP_VERSION" = v2 ] && ! grep -q ' /sys/fs/cgroup cgroup2 ' /proc/mounts; then
    umount --recursive /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mkdir /sys/fs/cgroup/world
    echo $$ >/sys/fs/cgroup/world/cgroup.procs
  elif [ "$WORLD_CGROUP_VERSION" = v1 ] && grep -q ' /sys/fs/cgroup/unified cgroup2 ' /proc/mounts; then
    umount /sys/fs/cgroup/unified
  fi
  mkdir -p /etc/containers
  mount --bind "$WORLD_USERLAND/etc/containers" /etc/containers
  mount --bind "$WORLD_USERLAND/usr" /usr
fi

# /run of its own, with everything of the host's in it but the places where container engines keep state.
# What disappears meanwhile is left out. /dev/shm too: Podman keeps its locks there, one set for all engines of a user.
exec 9</run
mount -t tmpfs -o mode=755 tmpfs /run
mirror() {
  for path in "$1"/* "$1"/.[!.]*; do
    place=$2/${path##*/}
    case $place in
      /run/containers | /run/crun | /run/engine | /run/libpod | /run/netns | /run/podman | /run/runc | /run/world) continue ;;
      # By this one programs tell that systemd has started the host. Here they could not speak with it: Netavark could not start its name server.
      /run/systemd/system) continue ;;
    esac
    if [ -L "$path" ]; then
      cp -P "$path" "$place"
    elif [ "$place" = /run/systemd ]; then
      mkdir "$place"
      mirror "$path" "$place"
    elif [ -d "$path" ]; then
      mkdir -p "$place"
      mount --no-canonicalize --rbind "$path" "$place" 2>/dev/null || rmdir "$place"
    elif [ -e "$path" ]; then
      : >"$place"
      mount --no-canonicalize --bind "$path" "$place" 2>/dev/null || rm "$place"
    fi
  done
}
mirror /proc/self/fd/9 /run
exec 9<&-
mount -t tmpfs -o mode=1777 tmpfs /dev/shm

# Every engine of root keeps notes on pulled layers and CNI's networks here, whatever its configuration says.
for folder in /var/lib/containers /var/lib/cni; do
  if [ -d "$folder" ]; then
    mount -t tmpfs -o mode=755 tmpfs "$folder"
  fi
done

# Asked what it is, as by each plugin that starts, Podman asks this for the packages of its parts: most of what its answer costs.
if [ -x /usr/bin/dpkg-query ]; then
  mount --bind /bin/false /usr/bin/dpkg-query
fi

# A short name for the folder on disk: the path of a socket must stay below 108 bytes.
mkdir /run/world
mount --bind "$WORLD_FOLDER" /run/world
export WORLD_FOLDER=/run/world TMPDIR=/run/world/tmp
# Newer runtimes go there as a container's own root, who has ids of another user here.
chmod 711 /run/world
if [ "${WORLD_USER:-}" = rootless ]; then
  mkdir -m 700 /run/runtime
  export XDG_RUNTIME_DIR=/run/runtime
fi

exec catatonit -- "$@"
