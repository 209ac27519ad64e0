import { rmSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../src/ground/run-command.ts";
import { unmount } from "../../src/ground/libc.ts";
import { readMounts } from "../../src/runtime/mount-table.ts";
import { startDockerd, type Dockerd } from "../../test/support/dockerd.ts";
import { twoAtATime } from "../../test/support/two-at-a-time.ts";
import { command } from "./our-instances.ts";

/** A Docker daemon with the same image, its state on tmpfs. */
export type DockerInstances = {
  readonly dockerd: Dockerd;
  readonly startOne: () => Promise<void>;
  /** Two at a time. */
  readonly start: (count: number) => Promise<void>;
  readonly stopAll: () => Promise<void>;
  readonly remove: () => Promise<void>;
};

export const dockerImage = "web:1";

/** `rootfs`: the image's files. Without a network for each: this daemon makes none, and so has less to do than we. */
export async function dockerInstances(folder: string, rootfs: string): Promise<DockerInstances> {
  const state = join(folder, "docker");
  const dockerd = await startDockerd(state);
  const archive = join(folder, "rootfs.tar");
  await runCommand("tar", ["-C", rootfs, "-cf", archive, "."]);
  await dockerd.docker("import", archive, dockerImage);
  rmSync(archive);
  const startOne = async (): Promise<void> => {
    await dockerd.docker("run", "--detach", "--network=none", dockerImage, ...command);
  };
  const stopAll = (): Promise<void> => removeContainers(dockerd);
  return {
    dockerd,
    startOne,
    start: async (count) => void (await twoAtATime(Array.from({ length: count }), startOne)),
    stopAll,
    remove: async () => {
      await stopAll();
      await dockerd.stop();
      // The daemon leaves its own folders mounted.
      const left = readMounts().filter(({ target }) => target.startsWith(`${state}/`));
      for (const { target } of left.toReversed()) unmount(target, { detach: true });
    },
  };
}

async function removeContainers({ docker }: Dockerd): Promise<void> {
  const ids = (await docker("ps", "--all", "--quiet")).split("\n").filter(Boolean);
  await twoAtATime(ids, (id) => docker("rm", "--force", id));
}
