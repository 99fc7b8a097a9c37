#!/bin/sh
# The `health_status` event of Podman 4.3.1 tells the status before the check that it is about.
#
# Setup:    Podman 4.3.1, conmon 2.1.6 and runc 1.1.5 of Debian 12, file events, a container with a health check, `retries` 1.
# Run:      podman healthcheck run, first while the check fails, then while it passes.
# Expected: health_status=unhealthy, then health_status=healthy, as `podman inspect` says after each check.
# Seen:     health_status=starting, then health_status=unhealthy. Only a third check's event says healthy.
#
# Whoever follows the events learns of each change one check late, and must inspect the container.
# Needs root, Debian 12 (amd64) and apt. Leaves nothing behind. Exits 0 while Podman does so, else 1.
set -eu

work=$(mktemp -d)
podman() {
  PATH="$work/packages/usr/bin:$work/packages/usr/sbin:$PATH" LD_LIBRARY_PATH="$work/packages/usr/lib/x86_64-linux-gnu" \
    "$work/packages/usr/bin/podman" --root "$work/storage" --runroot "$work/run" --tmpdir "$work/tmp" --storage-driver vfs \
    --cgroup-manager cgroupfs --events-backend file --log-level error \
    --conmon "$work/packages/usr/bin/conmon" --runtime "$work/packages/usr/sbin/runc" "$@"
}
clean_up() {
  podman rm --force --all --time 0 >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT

mkdir "$work/packages" "$work/debs"
(
  cd "$work/debs"
  apt-get download -qq podman=4.3.1+ds1-8+deb12u1+b3 conmon=2.1.6+ds1-1 runc=1.1.5+ds1-1+deb12u1 \
    busybox-static=1:1.35.0-4+deb12u1+b1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libsubid4=1:4.13+dfsg1-1+deb12u2 \
    libdevmapper1.02.1=2:1.02.185-2 libseccomp2=2.5.4-1+deb12u1 2>/dev/null
  for deb in *.deb; do dpkg-deb --extract "$deb" "$work/packages"; done
)

mkdir -p "$work/rootfs/bin"
cp "$work/packages/bin/busybox" "$work/rootfs/bin/"
for name in sh sleep test; do ln -s busybox "$work/rootfs/bin/$name"; done

podman --version
podman run --detach --name checked --net none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
  --health-cmd 'test -e /ok' --health-interval disable --health-retries 1 --rootfs "$work/rootfs" sleep 600 >/dev/null

statuses=""
check() {
  podman healthcheck run checked >/dev/null || true
  statuses="$statuses $(podman inspect checked --format '{{.State.Health.Status}}')"
}
check
podman exec checked sh -c ': > /ok'
check
check

events=$(podman events --stream=false --since 10m --filter event=health_status | sed -n 's/.*health_status=\([a-z]*\).*/\1/p' | tr '\n' ' ')
echo "inspect after each check:$statuses"
echo "event of each check: $events"
[ "$statuses" = " unhealthy healthy healthy" ] || { echo "the checks themselves went another way"; exit 1; }
[ "$events" = "starting unhealthy healthy " ] || { echo "not as found"; exit 1; }
echo "as found"
