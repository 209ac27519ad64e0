/** Where on this host an instance is put: what the profile needs beside the specification. */
export type Placement = {
  /** The image's content, mounted for this instance with its owners shifted. */
  readonly rootfs: string;
  /** The host id that id 0 of the instance is. */
  readonly firstId: number;
  /** Path of the network namespace. */
  readonly networkNamespace: string;
  /** Below the root of every cgroup hierarchy: `/ingot/HOME-ID`. */
  readonly cgroup: string;
  /** Where `hostname`, `hosts` and `resolv.conf` of this instance are. */
  readonly folder: string;
  /** Which of those the image has a plain file for. */
  readonly identityFiles: readonly string[];
  readonly tmpfs: readonly TmpfsPlacement[];
  /** Files of the release's configuration, and secrets. */
  readonly files: readonly FilePlacement[];
  /** Whether the kernel can limit swap (it is a boot option of cgroup v1). */
  readonly hasSwapLimit: boolean;
  /** The hard limit of open files that Ingot itself has: it is never raised. */
  readonly mostOpenFiles: number;
};

/** Size in bytes; owner and mode as they are seen inside. */
export type TmpfsPlacement = {
  readonly path: string;
  readonly size: number;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
};

/** A file of the host that is mounted, read-only, at a path of the instance. */
export type FilePlacement = {
  readonly kind: "file" | "secret";
  readonly path: string;
  readonly source: string;
  /** Which file it is, known once it is written: a secret's path on the host is gone before the instance runs. */
  readonly identity?: { readonly device: number; readonly inode: number };
};

/** What an account of the instance is on the host. */
export function hostIdOf(
  place: Pick<Placement, "firstId">,
  user: { readonly uid: number; readonly gid: number },
): { uid: number; gid: number } {
  return { uid: place.firstId + user.uid, gid: place.firstId + user.gid };
}
