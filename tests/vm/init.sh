#!/bin/busybox sh
# The guest's first process: mounts the host's root and the shared folder, runs the command, keeps its exit code, switches
# off.
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
ln -sf /proc/self/fd /dev/fd
for module in virtio_pci 9pnet_virtio 9p can-raw sch_netem; do modprobe $module; done
# Without it our own frames would come back before they have passed the queue, which real controllers never do.
modprobe vcan echo=1
ip link set lo up

options=trans=virtio,version=9p2000.L,msize=262144
mount -t 9p -o $options,cache=loose,ro host /host && mount -t 9p -o $options share /share || {
  echo "the guest cannot mount the host's files"
  poweroff -f
}
for folder in proc sys dev; do mount --rbind /$folder /host/$folder; done
for folder in tmp run; do mount -t tmpfs tmp /host/$folder; done
mkdir -p /host/tmp/shared
mount -o bind /share /host/tmp/shared
read -r up _ < /proc/uptime
echo "guest: $(uname -r), ready after $up s"
# Not the host's: its tests may leave nothing behind, and their clocks must agree with nobody's.
HOME=/tmp chroot /host /bin/bash /tmp/shared/.command
echo $? > /share/.code
sync
poweroff -f
