import { filesOf, findingAt, type Lint } from "./lint.ts";

export const hostKey: Lint = {
  name: "host-key",
  rule: "no host key of an SSH server is in the image",
  why: "all instances would have the same identity, and whoever pulls the image could stand between them and their users",
  advice: "remove it in `run:`; a server makes its host keys when it first starts",
  check: ({ tree }) =>
    filesOf(tree).flatMap(({ path }) => (isHostKey(path) ? [findingAt(path, "is the host key of an SSH server")] : [])),
};

/** OpenSSH's and dropbear's; the public half is no secret. */
export function isHostKey(path: string): boolean {
  return /^etc\/(?:ssh\/ssh_host_[a-z0-9]+_key|dropbear\/dropbear_[a-z0-9]+_host_key)$/.test(path);
}
