import { formatMode } from "../../ground/format-mode.ts";
import { filesOf, findingAt, mergedUsrPath, type Lint } from "./lint.ts";

export const unexpectedSetuid: Lint = {
  name: "unexpected-setuid",
  rule: "only programs that are known for it are setuid or setgid",
  why: "such a program gives its owner's rights to whoever starts it: one that nobody knows of is a way to root",
  advice: "remove the bits in `run:` (chmod u-s,g-s), or name the path in `lints:` with the reason",
  check: ({ tree, ownerOf }) =>
    filesOf(tree)
      .filter(({ mode }) => (mode & 0o6000) !== 0)
      .filter(({ path, mode }) => !isExpected(path, mode, ownerOf(path)))
      .map(({ path, mode, uid, gid }) =>
        findingAt(
          path,
          `has mode ${formatMode(mode)}, owner ${uid}:${gid}, and ${ownerOf(path) ?? "no package"} is not known for it`,
        ),
      ),
};

/** The bits that a file has, and the package that it must be of: the same name from anywhere else is not the program that is known. */
function isExpected(path: string, mode: number, owner: string | undefined): boolean {
  const known = knownPrograms.get(mergedUsrPath(path));
  return known !== undefined && owner === known[0] && (mode & 0o6000 & ~known[1]) === 0;
}

/** Debian's programs that ship with these bits: path, package, the bits. From the packages of bookworm, trixie and sid. */
const knownPrograms = new Map<string, readonly [owner: string, bits: number]>([
  ["usr/bin/chage", ["passwd", 0o2000]],
  ["usr/bin/chfn", ["passwd", 0o4000]],
  ["usr/bin/chsh", ["passwd", 0o4000]],
  ["usr/bin/expiry", ["passwd", 0o2000]],
  ["usr/bin/gpasswd", ["passwd", 0o4000]],
  ["usr/bin/passwd", ["passwd", 0o4000]],
  ["usr/bin/newgrp", ["login", 0o4000]],
  ["usr/bin/su", ["util-linux", 0o4000]],
  ["usr/bin/mount", ["mount", 0o4000]],
  ["usr/bin/umount", ["mount", 0o4000]],
  ["usr/bin/newuidmap", ["uidmap", 0o4000]],
  ["usr/bin/newgidmap", ["uidmap", 0o4000]],
  ["usr/bin/sudo", ["sudo", 0o4000]],
  ["usr/bin/crontab", ["cron", 0o2000]],
  ["usr/bin/ssh-agent", ["openssh-client", 0o2000]],
  ["usr/lib/openssh/ssh-keysign", ["openssh-client", 0o4000]],
  ["usr/lib/dbus-1.0/dbus-daemon-launch-helper", ["dbus-system-bus-common", 0o4000]],
  ["usr/bin/pkexec", ["pkexec", 0o4000]],
  ["usr/lib/polkit-1/polkit-agent-helper-1", ["polkitd", 0o4000]],
  ["usr/bin/fusermount3", ["fuse3", 0o4000]],
  ["usr/bin/write.ul", ["bsdutils", 0o2000]],
  ["usr/bin/wall", ["bsdutils", 0o2000]],
  ["usr/sbin/unix_chkpwd", ["libpam-modules-bin", 0o2000]],
]);
