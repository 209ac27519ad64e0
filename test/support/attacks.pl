# Runs inside of an instance, as its only process, and tries what an intruder would. One line an attempt: the name, a tab, and "refused" with
# the reason or "possible". Numbers of system calls are those of x86-64.
use strict; use warnings; use Errno;
$| = 1;

sub report { my ($name, $possible, $why) = @_; print "$name\t", ($possible ? "possible" : "refused"), " $why\n"; }
sub reason { my ($name) = grep { $!{$_} } qw(EPERM EACCES EROFS ENOSYS ENOENT ENETUNREACH EAFNOSUPPORT EINVAL EBADF EFAULT ENOSPC EAGAIN ENXIO); return $name || "$!"; }
sub attempt { my ($name, $code) = @_; $! = 0; my $result = $code->(); report($name, $result, reason()); }
# A call that succeeds, or fails for its arguments, was let through: only EPERM and ENOSYS are refusals.
sub call {
  my ($name, @args) = @_;
  $! = 0; my $result = syscall($args[0], map { defined $_ ? $_ : 0 } @args[1 .. $#args]);
  report($name, !($!{EPERM} || $!{ENOSYS}), reason());
}
# In a child, so that what succeeds does not end this program.
sub child { my ($code) = @_; my $pid = fork(); die "fork: $!" unless defined $pid; if (!$pid) { open STDERR, ">", "/dev/null"; exit($code->() ? 0 : 1); } waitpid($pid, 0); return $? == 0; }

my @tmpfs = split /,/, $ENV{TMPFS};

# Writing to every folder of the image.
my (%written, @pending); @pending = ("/");
while (defined(my $folder = shift @pending)) {
  next if $folder =~ m{^/proc};
  my $path = ($folder eq "/" ? "" : $folder) . "/ingot-attack";
  if (open(my $file, ">", $path)) { $written{$folder} = 1; close $file; unlink $path; }
  opendir(my $handle, $folder) or next;
  push @pending, map { ($folder eq "/" ? "" : $folder) . "/$_" } grep { !/^\.\.?$/ } readdir $handle;
  @pending = grep { -d $_ && !-l $_ } @pending;
}
delete $written{$_} for @tmpfs;
report("write to a folder of the image", scalar(keys %written), join(" ", sort keys %written));

attempt("change a file of the image", sub { open(my $f, ">>", "/etc/nginx/nginx.conf") });
attempt("remove a file of the image", sub { unlink "/etc/nginx/nginx.conf" });
attempt("change a mode in the image", sub { chmod 0777, "/usr/bin/perl" });
attempt("change the hosts file", sub { open(my $f, ">>", "/etc/hosts") });
attempt("make a device folder entry", sub { open(my $f, ">", "/dev/intruder") });

# Mounts. MS_REMOUNT 32, MS_BIND 4096.
my ($none, $root, $tmp, $mnt, $type, $size) = ("none", "/", "/tmp", "/mnt", "tmpfs", "size=1m");
call("remount the root writable", 165, $none, $root, $none, 32, 0);
call("remount the root's bind writable", 165, $none, $root, $none, 32 | 4096, 0);
call("remount a tmpfs executable", 165, $none, $tmp, $none, 32 | 4096, 0);
call("mount a tmpfs", 165, $type, $mnt, $type, 0, $size);
call("bind mount", 165, $tmp, $mnt, $none, 4096, 0);
call("unmount a mask", 166, "/proc/kallsyms", 2);
call("unmount with the old call", 166, "/proc/sys", 0);
call("mount_setattr", 442, -100, $root, 0, "\0" x 32, 32);
call("open_tree", 428, -100, $root, 1);
call("move_mount", 429, -1, $root, -100, $mnt, 0);
call("fsopen", 430, $type, 0);
call("pivot_root", 155, $root, $tmp);
call("chroot", 161, $tmp);

# Devices. S_IFCHR 0020000, S_IFBLK 0060000; 1:1 is memory, 254:0 a disk.
call("make a character device", 133, "/tmp/mem", 0020666, 0x101);
call("make a block device", 133, "/tmp/disk", 0060666, 0xfe00);
call("make a device with mknodat", 259, -100, "/tmp/mem2", 0020666, 0x101);
sub opens { my ($how, @paths) = @_; return grep { open(my $file, $how, $_) } @paths; }
attempt("open the host's disk", sub { opens("<", "/dev/vda", "/dev/sda") });
attempt("open kernel memory", sub { opens("<", "/dev/mem", "/dev/kmem") });
attempt("open the tunnel device", sub { opens("<", "/dev/net/tun") });

# Other processes and namespaces.
call("ptrace", 101, 0, 0, 0, 0);
call("ptrace attach", 101, 16, 1, 0, 0);
call("process_vm_readv", 310, 1, 0, 0, 0, 0, 0);
call("process_vm_writev", 311, 1, 0, 0, 0, 0, 0);
call("kcmp", 312, 1, 1, 0, 0, 0);
call("pidfd_getfd", 438, -1, 0, 0);
call("unshare a $_->[0] namespace", 272, $_->[1]) for
  ["user", 0x10000000], ["mount", 0x20000], ["pid", 0x20000000], ["network", 0x40000000], ["ipc", 0x8000000], ["uts", 0x4000000], ["cgroup", 0x2000000], ["time", 0x80];
my $ns; open($ns, "<", "/proc/self/ns/net") or die "ns: $!";
call("setns", 308, fileno($ns), 0);
{
  # A child with a user namespace of its own would be root in it.
  $! = 0; my $pid = syscall(56, 0x10000000 | 17, 0, 0, 0, 0);
  if (defined $pid && $pid == 0) { syscall(231, 0); }
  report("clone with a user namespace", !$!{EPERM}, reason());
}
call("clone3", 435, "\0" x 88, 88);

# The other two ways into the kernel: x32's numbers, and the 32-bit calls by their interrupt (getpid() of i386 is 20). The filter kills.
report("call by the numbers of x32", child(sub { syscall(0x40000000 + 39); 1 }), "");
report("call by the 32-bit entry", child(sub {
  require DynaLoader;
  my $code = "\xb8\x14\0\0\0\xcd\x80\xc3"; my $at = syscall(9, 0, 4096, 7, 0x22, -1, 0);
  pipe(my $out, my $in); syswrite($in, $code); syscall(0, fileno($out), $at, length $code);
  DynaLoader::dl_install_xsub("main::old_call", $at); old_call(); 1;
}), "");

# Code that is in no file.
my $name = "x";
call("memfd_create", 319, $name, 0);
call("memfd_secret", 447, 0);
call("execveat", 322, -100, "/bin/true", 0, 0, 0);

# The kernel.
call("bpf", 321, 0, "\0" x 64, 64);
call("userfaultfd", 323, 0);
call("io_uring_setup", 425, 1, "\0" x 120);
call("io_uring_enter", 426, -1, 0, 0, 0, 0, 0);
call("keyctl", 250, 0, -3, 0, 0, 0);
call("add_key", 248, "user", "k", "v", 1, -3);
call("request_key", 249, "user", "k", 0, -3);
call("perf_event_open", 298, "\0" x 120, 0, -1, -1, 0);
call("fanotify_init", 300, 0, 0);
call("name_to_handle_at", 303, -100, "/etc", "\0" x 136, "\0" x 8, 0);
call("open_by_handle_at", 304, -100, "\0" x 136, 0);
call("init_module", 175, "x", 1, "");
call("finit_module", 313, -1, "", 0);
call("delete_module", 176, "x", 0);
call("kexec_load", 246, 0, 0, 0, 0);
call("iopl", 172, 3);
call("ioperm", 173, 0, 1, 1);
call("syslog", 103, 3, "\0" x 16, 16);
call("quotactl", 179, 0, 0, 0, 0);
call("swapon", 167, "/tmp/x", 0);
call("sethostname", 170, "intruder", 8);
call("settimeofday", 164, "\0" x 16, 0);
call("clock_settime", 227, 0, "\0" x 16);
call("reboot", 169, 0xfee1dead, 672274793, 0, 0);
call("personality with executable data", 135, 0x400000);
call("personality without address randomisation", 135, 0x40000);

# The network: SOCK_RAW 3, AF_PACKET 17, AF_VSOCK 40, AF_ALG 38.
call("a raw socket", 41, 2, 3, 1);
call("a raw socket of IPv6", 41, 10, 3, 58);
call("a packet socket", 41, 17, 3, 0);
call("a host socket", 41, 40, 1, 0);
call("a kernel crypto socket", 41, 38, 5, 0);
# The kernel would load a module for each: SCTP 132, DCCP 33 (SOCK_DCCP 6), L2TP 115, UDP-Lite 136.
call("an SCTP socket", 41, 2, 1, 132);
call("a DCCP socket", 41, 2, 6, 33);
call("an L2TP socket of IPv6", 41, 10, 2, 115);
call("a UDP-Lite socket", 41, 2, 2, 136);
# Netlink, AF_NETLINK 16: 15 tells of the host's devices, 12 is the packet filter, 4 lists sockets.
call("a netlink socket of the host's devices", 41, 16, 3, 15);
call("a netlink socket of the packet filter", 41, 16, 3, 12);
call("a netlink socket of sockets", 41, 16, 3, 4);
attempt("reach an address outside", sub {
  socket(my $s, 2, 1, 6) or return 0; connect($s, pack("Sna4x8", 2, 80, pack("C4", 198, 51, 100, 1)));
});

# Becoming somebody else.
my $uid = $>;
my $seen = `/usr/local/bin/setuid-perl -e 'print \$>' 2>/dev/null`;
report("gain root by a setuid program", $uid != 0 && $seen ne "$uid", "effective user $seen");
attempt("change the owner of a file", sub { open(my $f, ">", "/tmp/owned"); close $f; chown($uid + 1, 5, "/tmp/owned") });
{
  open(my $status, "<", "/proc/self/status"); my ($eff) = grep { /^CapEff/ } <$status>;
  report("have a capability", $eff !~ /\b0{16}\b/, $eff =~ s/\s+/ /gr);
}

# Executing what was brought along.
for my $folder (@tmpfs) {
  my $path = "$folder/program";
  open(my $in, "<", "/usr/bin/true"); open(my $out, ">", $path) or die "$path: $!"; print $out do { local $/; <$in> }; close $out;
  chmod 0755, $path;
  report("execute a program in $folder", child(sub { exec { $path } $path }), "");
  report("execute it in $folder by the loader", child(sub { exec "/lib64/ld-linux-x86-64.so.2", $path }), "");
  report("make it setuid and run it in $folder", child(sub { chmod 04755, $path; exec { $path } $path }), "");
  unlink $path;
}
{
  # The library loads, or the loader says that it cannot be.
  open(my $in, "<", "/lib/x86_64-linux-gnu/libz.so.1"); open(my $out, ">", "/tmp/lib.so"); print $out do { local $/; <$in> }; close $out;
  my $said = `LD_PRELOAD=/tmp/lib.so /usr/bin/true 2>&1`;
  report("load a library from a tmpfs", $said !~ /cannot be preloaded/, "");
  unlink "/tmp/lib.so";
}
report("execute the output pipe", child(sub { exec { "/proc/self/fd/1" } "x" }), "");

# /proc and /sys.
for my $path (qw(/proc/sys/kernel/hostname /proc/sys/kernel/core_pattern /proc/sys/vm/overcommit_memory /proc/sys/net/ipv4/ip_forward /proc/sysrq-trigger
                 /proc/self/oom_score_adj /proc/self/mem /proc/self/comm /proc/self/uid_map /proc/self/attr/current /proc/irq/default_smp_affinity)) {
  attempt("write to $path", sub { open(my $f, "+<", $path) });
}
attempt("write to /sys", sub { open(my $f, ">", "/sys/x") });
for my $path (qw(/proc/kcore /proc/kallsyms /proc/modules /proc/keys /proc/kmsg /proc/interrupts /proc/slabinfo /proc/config.gz)) {
  my $content = ""; if (open(my $f, "<", $path)) { sysread($f, $content, 64); }
  report("read $path", length($content), "");
}
attempt("see the host's devices in /sys", sub { -e "/sys/class" || -e "/sys/kernel" });

# Limits.
{
  my ($made, @children) = (0);
  while ($made < 2000) { my $pid = fork(); last unless defined $pid; if (!$pid) { sleep 60; exit 0 } push @children, $pid; $made++; }
  kill 9, @children; waitpid($_, 0) for @children;
  report("have more processes than allowed", $made >= $ENV{PIDS}, "made $made");
}
{
  open(my $out, ">", "/tmp/full"); my $written = 0;
  while (1) { my $count = syswrite($out, "x" x 65536); last unless $count; $written += $count; last if $written > 64 << 20; }
  close $out; unlink "/tmp/full";
  report("write more to /tmp than its size", $written > 4 << 20, "$written bytes");
}
report("use more memory than allowed", child(sub { my $size = 256; my $block = "x" x ($size << 20); length $block }), "");
report("leave a core dump", child(sub { open(my $f, "<", "/proc/self/limits"); grep { /^Max core file size\s+[1-9u]/ } <$f> }), "");
{
  opendir(my $proc, "/proc"); my @pids = grep { /^\d+$/ } readdir $proc;
  report("see processes of others", @pids > 3, "@pids");
}
# What must be possible: without these, a program that can do nothing at all would pass for a fortress.
report("control: write to $_", opens(">", "$_/file"), reason()) for @tmpfs;
report("control: run a program of the image", child(sub { exec "/usr/bin/true" }), "");
report("control: use a little memory", child(sub { my $size = 16; my $block = "x" x ($size << 20); length $block }), "");
report("control: make a socket", socket(my $socket, 2, 1, 6), reason());
report("control: make a datagram socket of IPv6", socket(my $datagram, 10, 2, 0), reason());
report("control: ask for addresses", socket(my $routes, 16, 3, 0), reason());
report("control: execute what it wrote to memory", child(sub {
  require DynaLoader;
  my $code = "\xb8\x27\0\0\0\x0f\x05\xc3"; my $at = syscall(9, 0, 4096, 7, 0x22, -1, 0);
  pipe(my $out, my $in); syswrite($in, $code); syscall(0, fileno($out), $at, length $code);
  DynaLoader::dl_install_xsub("main::new_call", $at); new_call(); 1;
}), "");
my $fifo = "/tmp/fifo";
report("control: make a fifo", syscall(133, $fifo, 0010600, 0) == 0, reason());
report("control: start a thread's clone", child(sub { 1 }), "");
print "end\n";
sleep 600;
