#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build.sh DIR: makes DIR/vmlinuz and DIR/initramfs, a Linux that is nothing but an iSCSI target (LIO), from Debian's
# kernel and busybox. Their packages are unpacked, never installed. Does nothing when all is as it was. Exits with 77
# and a reason where it cannot be done at all: another distribution, no such packages.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
exec 9>lock
flock 9

cannot()
{
    echo "$1" >&2
    exit 77
}

for tool in qemu-system-x86_64 apt-get dpkg-deb depmod modprobe cpio tc; do
    command -v $tool >/dev/null || [ -x /sbin/$tool ] || cannot "there is no $tool"
done
PATH=$PATH:/sbin:/usr/sbin
tc=$(readlink -f "$(command -v tc)")

key=$(cat "$here/build.sh" "$here/init" "$here/commands" "$tc" | sha256sum)
[ ! -f key ] || [ "$(cat key)" != "$key" ] || exit 0
rm -f key

# unpack PACKAGE FOLDER: once.
unpack()
{
    [ ! -d "$2" ] || return 0
    rm -rf download
    mkdir download
    (cd download && apt-get -qq -o APT::Sandbox::User=root download "$1" >/dev/null) || return 1
    dpkg-deb -x download/*.deb download/root
    mv download/root "$2"
    rm -rf download
}

# The kernel that the cloud flavour's metapackage stands for today.
find_kernel()
{
    apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' |
        head -n 1
}
kernel=$(find_kernel)
if [ ! -d kernel ] && [ -z "$kernel" ]; then # images are often made without apt's lists
    apt-get -qq update >&2 || :
    kernel=$(find_kernel)
fi
[ -d kernel ] || [ -n "$kernel" ] || cannot "apt knows no package linux-image-cloud-amd64"
unpack "$kernel" kernel
unpack busybox-static busybox
version=$(ls kernel/lib/modules)
depmod -b kernel "$version"

rm -rf root
mkdir -p root/bin root/modules
cp busybox/bin/busybox root/bin/
cp "$here/init" "$here/commands" root/
chmod 755 root/init
# Each module once, what it depends on first. pclmul: an accelerated CRC that the emulated CPU refuses.
for module in virtio_pci virtio_net virtio_blk virtio-rng configfs crc32c_generic md5 sha3_generic target_core_file \
    iscsi_target_mod sch_netem; do
    modprobe -d "$PWD/kernel" -S "$version" --show-depends $module
done | awk '$1 == "insmod" && !/pclmul/ && !seen[$2]++ { print $2 }' >modules
while read -r file; do
    strip --strip-debug -o "root/modules/$(basename "$file")" "$file"
    basename "$file"
done <modules >root/modules/order
# tc delays and loses packets (netem); it is linked dynamically. busybox has a tc of its own and prefers that.
for file in "$tc" $(ldd "$tc" | grep -o '/[^ ]*'); do
    mkdir -p "root$(dirname "$file")"
    cp -L "$file" "root$file"
done
ln -s "$tc" root/netem
(cd root && find . | cpio --quiet -o -H newc -R 0:0) >initramfs.new
mv initramfs.new initramfs
cp "kernel/boot/vmlinuz-$version" vmlinuz
echo "$key" >key
