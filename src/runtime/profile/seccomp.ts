/** One entry of the OCI runtime specification's `linux.seccomp.syscalls`. */
export type SeccompRule = {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
  readonly errnoRet?: number;
  readonly args?: readonly {
    readonly index: number;
    readonly value: number;
    readonly valueTwo?: number;
    readonly op: string;
  }[];
};

export type SeccompProfile = {
  readonly defaultAction: "SCMP_ACT_ERRNO";
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SeccompRule[];
};

const notPermitted = 1;
const notImplemented = 38;

/**
 * What an instance may ask of the kernel; everything else is answered with EPERM. An allow-list: a call that Linux gains tomorrow is refused
 * until somebody has thought about it. One architecture only: the 32-bit entry points have been the way around filters before.
 */
export function seccompProfile(architecture: string = process.arch): SeccompProfile {
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: notPermitted,
    architectures: [architecture === "arm64" ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64"],
    syscalls: [...Object.values(groups).map(allow), ...conditional, unknownClone3],
  };
}

/** Every group that servers were seen to need, and why it is harmless to the host. */
const groups = {
  /** Files: the root is read-only and tmpfs cannot execute, so that these only reach declared data. */
  files: `access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate
    fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstatfs
    fsync ftruncate futimesat getcwd getdents getdents64 getxattr ioctl lchown lgetxattr link linkat listxattr llistxattr lremovexattr
    lseek lsetxattr lstat mkdir mkdirat newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2
    read readahead readlink readlinkat readv removexattr rename renameat renameat2 rmdir sendfile setxattr splice stat statfs statx
    symlink symlinkat sync sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev`,
  /** Memory of the process itself. Locking is bounded by the memory limit. */
  memory: `brk madvise membarrier mincore mlock mlock2 mlockall mmap mprotect mremap msync munlock munlockall munmap pkey_alloc
    pkey_free pkey_mprotect`,
  /** Processes and threads of the instance's own pid namespace; the number is bounded by the pids limit. */
  processes: `alarm arch_prctl execve exit exit_group fork futex futex_waitv get_robust_list get_thread_area getcpu getpgid getpgrp
    getpid getppid getpriority getrlimit getrusage getsid gettid ioprio_get kill pause pidfd_open pidfd_send_signal prctl prlimit64
    restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
    rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
    sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield set_robust_list
    set_thread_area set_tid_address setpgid setpriority setrlimit setsid sigaltstack sysinfo tgkill times tkill uname vfork wait4
    waitid`,
  /** Identity: without capabilities only steps down, or to where the process is already, can succeed. */
  identity: `capget capset getegid geteuid getgid getgroups getresgid getresuid getuid setfsgid setfsuid setgid setgroups setregid
    setresgid setresuid setreuid setuid`,
  /** A process that confines itself further. */
  confinement: `landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp`,
  time: `clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time timer_create timer_delete
    timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime`,
  /** Waiting, and the old asynchronous I/O that web servers and databases use; io_uring is refused. */
  events: `epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 inotify_add_watch inotify_init
    inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit poll ppoll pselect6 select
    signalfd signalfd4`,
  /** Sockets once made; which may be made is a rule of its own. */
  network: `accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg sendto
    setsockopt shutdown socketpair`,
  /** System V memory and semaphores of the instance's own IPC namespace: PostgreSQL. */
  interprocess: `msgctl msgget msgrcv msgsnd semctl semget semop semtimedop shmat shmctl shmdt shmget`,
  random: `getrandom`,
} as const;

function allow(names: string): SeccompRule {
  return { names: names.split(/\s+/), action: "SCMP_ACT_ALLOW" };
}

/** CLONE_NEWTIME, NS, CGROUP, UTS, IPC, USER, PID and NET: a new namespace gives capabilities in it, which is most kernel exploits' first step. */
const namespaceFlags = 0x7e020080;
const fileType = 0o170000;

/**
 * Address families and, but for local ones, their protocols; packet, vsock, alg and all others have no use here. Of IPv4 and IPv6: TCP and UDP, by default or by name, since
 * the kernel loads the module of any other protocol (SCTP, DCCP, L2TP) for whoever asks. Of netlink: routes, which getifaddrs() reads; its other kinds tell of the host's
 * devices (the namespace is the host's) and have been the way into the kernel before.
 */
const sockets: readonly { readonly family: number; readonly protocols?: readonly number[] }[] = [
  { family: 1 },
  { family: 2, protocols: [0, 6, 17] },
  { family: 10, protocols: [0, 6, 17] },
  { family: 16, protocols: [0] },
];
/** FIFOs, sockets and plain files: never a device. */
const harmlessNodes = [0o010000, 0o140000, 0o100000, 0];
/** The plain Linux personality, and asking for it: no READ_IMPLIES_EXEC, no ADDR_NO_RANDOMIZE. */
const personalities = [0, 0xffffffff];

const conditional: readonly SeccompRule[] = [
  {
    names: ["clone"],
    action: "SCMP_ACT_ALLOW",
    args: [{ index: 0, value: namespaceFlags, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
  },
  ...sockets.flatMap(({ family, protocols }) => {
    const isFamily = { index: 0, value: family, op: "SCMP_CMP_EQ" };
    if (protocols === undefined) return [when("socket", isFamily)];
    return protocols.map((value) => when("socket", isFamily, { index: 2, value, op: "SCMP_CMP_EQ" }));
  }),
  ...personalities.map((value) => when("personality", { index: 0, value, op: "SCMP_CMP_EQ" })),
  ...harmlessNodes.flatMap((valueTwo) => [
    when("mknod", { index: 1, value: fileType, valueTwo, op: "SCMP_CMP_MASKED_EQ" }),
    when("mknodat", { index: 2, value: fileType, valueTwo, op: "SCMP_CMP_MASKED_EQ" }),
  ]),
];

/** Allowed when every one of these holds. */
function when(name: string, ...args: NonNullable<SeccompRule["args"]>): SeccompRule {
  return { names: [name], action: "SCMP_ACT_ALLOW", args };
}

/** A filter cannot look behind clone3's pointer; "not implemented" makes the C library use clone, whose flags it can see. */
const unknownClone3: SeccompRule = { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: notImplemented };

/** Calls that no allow-list may ever hold, with what they are for in an attack. Checked before every start. */
export const forbiddenCalls: Readonly<Record<string, string>> = {
  add_key: "keyrings are shared between containers",
  bpf: "programs in the kernel",
  chroot: "leaves the root file system's checks",
  delete_module: "kernel code",
  execveat: "executes a file without a path, such as a memfd",
  fanotify_init: "watches the host's files",
  finit_module: "kernel code",
  fsconfig: "mounts",
  fsmount: "mounts",
  fsopen: "mounts",
  init_module: "kernel code",
  io_uring_enter: "does system calls that no filter sees",
  io_uring_register: "does system calls that no filter sees",
  io_uring_setup: "does system calls that no filter sees",
  ioperm: "hardware",
  iopl: "hardware",
  kcmp: "learns kernel addresses' order",
  kexec_file_load: "another kernel",
  kexec_load: "another kernel",
  keyctl: "keyrings are shared between containers",
  memfd_create: "an executable that is in no file system",
  memfd_secret: "memory that no inspection can read",
  mount: "mounts",
  mount_setattr: "makes a mount writable or executable",
  move_mount: "mounts",
  name_to_handle_at: "the first half of leaving a mount by file handle",
  open_by_handle_at: "leaves a mount by file handle",
  open_tree: "mounts",
  perf_event_open: "reads other processes' execution",
  pidfd_getfd: "takes another process's files",
  pivot_root: "leaves the root file system",
  process_vm_readv: "reads another process's memory",
  process_vm_writev: "injects code into another process",
  ptrace: "injects code into another process",
  quotactl: "changes the host's file systems",
  reboot: "stops the host",
  request_key: "keyrings are shared between containers",
  setdomainname: "changes the instance's identity",
  sethostname: "changes the instance's identity",
  setns: "enters another namespace",
  swapon: "changes the host's memory",
  syslog: "reads the kernel's messages",
  umount2: "uncovers what a mount hides",
  unshare: "a new namespace, with capabilities in it",
  userfaultfd: "holds the kernel still in the middle of an access",
};
