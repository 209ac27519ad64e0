import { writeFileSync } from "node:fs";
import type { ContainerInspectInfo } from "dockerode";

/**
 * The three files that tell an instance who it is, as under runc: the engine's own, mounted by it, are written again in their place. What it puts there tells of the host: its name server,
 * its name.
 */
export function writeIdentity(info: ContainerInspectInfo, id: string, address: string): void {
  const { HostnamePath, HostsPath, ResolvConfPath } = info;
  const texts = [
    [HostnamePath, `${id}\n`],
    [HostsPath, `127.0.0.1\tlocalhost\n${address}\t${id}\n`],
    [ResolvConfPath, "# this instance has no name server\n"],
  ] as const;
  for (const [path, text] of texts) if (path !== "") writeFileSync(path, text);
}
