#!/bin/sh
# Runs a driver's tests in a virtual machine whose kernel has what a container's
# kernel may lack: HID devices made by a program (uhid), evdev, usblp, USB
# gadgets behind a dummy controller, cdc-acm. An optional job: the scanner takes
# about a minute, the gadgets 15 s.
#
#   sh drivers/drivertest/rig.sh [PACKAGE [TEST]]      default: ./drivers/scanner "Kernel|Grab|Overrun"
#   sh drivers/drivertest/rig.sh ./drivers/find "Gadget|CUPS"
#
# It needs the Debian packages qemu-system-x86 busybox-static cpio kmod, for CUPS
# libcups2 and libusb-1.0-0 too, and fetches Debian's kernel, and CUPS' program
# for USB, once into ${RIG:-/tmp/tillkeeper-rig}. Nothing of the machine that it
# runs on is changed.
set -eu
package=${1:-./drivers/scanner}
tests=${2:-Kernel|Grab|Overrun}
rig=${RIG:-/tmp/tillkeeper-rig}
modules="uhid hid-generic evdev uinput usblp cdc-acm dummy_hcd libcomposite usb_f_printer usb_f_acm"

for program in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio depmod:kmod go:golang; do
    command -v "${program%%:*}" >/dev/null || { echo "install the Debian package ${program##*:}" >&2; exit 1; }
done
mkdir -p "$rig"
if [ ! -d "$rig/kernel/boot" ]; then
    image=$(apt-cache depends linux-image-amd64 | awk '/Depends:/ {print $2; exit}')
    (cd "$rig" && apt-get download "$image" && dpkg -x "$image"_*.deb kernel && rm -f "$image"_*.deb)
fi
version=$(basename "$rig"/kernel/boot/vmlinuz-* | sed 's/^vmlinuz-//')
[ -f "$rig/kernel/lib/modules/$version/modules.dep" ] || depmod -b "$rig/kernel" "$version"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/run" "$root/etc"
cp "$(command -v busybox)" "$root/bin/busybox"
CGO_ENABLED=0 go test -c -o "$root/test" "$package"
n=0
for m in $modules; do
    modprobe -d "$rig/kernel" -S "$version" --show-depends "$m" 2>/dev/null | awk '$1 == "insmod" {print $2}'
done | awk '!seen[$0]++' >"$root/order"
while read -r ko; do
    n=$((n + 1))
    cp "$ko" "$root/$(printf %03d $n)-$(basename "$ko")"
done <"$root/order"
case $tests in *CUPS*) # the program that takes printers from the kernel, and its libraries
    [ -d "$rig/cups/usr" ] || (cd "$rig" && apt-get download cups && dpkg -x cups_*.deb cups && rm -f cups_*.deb)
    backend=$rig/cups/usr/lib/cups/backend-available/usb
    ! ldd "$backend" | grep "not found" >&2 || { echo "install the Debian packages libcups2 libusb-1.0-0" >&2; exit 1; }
    mkdir -p "$root/usr/lib/cups/backend"
    cp "$backend" "$root/usr/lib/cups/backend/usb"
    chmod 755 "$root/usr/lib/cups/backend/usb"
    for lib in $(ldd "$backend" | grep -o '/[^ ]*'); do
        mkdir -p "$root$(dirname "$lib")"
        cp -L "$lib" "$root$lib"
    done ;;
esac
cat >"$root/init" <<INIT
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts; mount -t devpts devpts /dev/pts; mount -t tmpfs tmp /tmp
echo root:x:0: >/etc/group; echo nobody:x:65534: >>/etc/group
echo root:x:0:0::/:/bin/sh >/etc/passwd; echo nobody:x:65534:65534::/:/bin/sh >>/etc/passwd
ip link set lo up
for ko in /*.ko; do
    insmod \$ko 2>/dev/null || true
done
mount -t configfs config /sys/kernel/config
cd /tmp
/test -test.v -test.timeout=200s -test.run '$tests'
echo "rig: exit \$?"
poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$rig/initrd.gz"
qemu-system-x86_64 -accel tcg -cpu max -m 1024 -smp 1 -nic none -nographic -no-reboot -kernel "$rig"/kernel/boot/vmlinuz-* \
    -initrd "$rig/initrd.gz" -append "console=ttyS0 quiet panic=-1" </dev/null >"$rig/log" 2>&1 || true
tr -d '\r' <"$rig/log"
grep -q "^rig: exit 0" "$rig/log"
