import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, startDaemon, type Daemon } from "./daemon.ts";

/** A real registry on a loopback port, with its storage in `folder`. */
export type DockerRegistry = Daemon & {
  /** `127.0.0.1:PORT`, as written in references. */
  readonly host: string;
};

type RegistrySetup = {
  /** Lines of an htpasswd file with bcrypt hashes: then every request needs a login. */
  readonly htpasswd?: string;
  /** Then every request needs a bearer token of this service. */
  readonly token?: {
    readonly realm: string;
    readonly service: string;
    readonly issuer: string;
    readonly certificates: string;
  };
};

/** Starts Debian's docker-registry. */
export async function startDockerRegistry(folder: string, setup: RegistrySetup = {}): Promise<DockerRegistry> {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  mkdirSync(folder, { recursive: true });
  const config = {
    version: 0.1,
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
    http: { addr: host, secret: "only for tests" },
    ...authOf(folder, setup),
  };
  const file = join(folder, "config.yml");
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config));
  const isReady = async (): Promise<boolean> => [200, 401].includes((await fetch(`http://${host}/v2/`)).status);
  return { host, ...(await startDaemon("docker-registry", ["serve", file], { isReady })) };
}

function authOf(folder: string, { htpasswd, token }: RegistrySetup): object {
  if (token !== undefined) {
    const { realm, service, issuer, certificates } = token;
    return { auth: { token: { realm, service, issuer, rootcertbundle: certificates } } };
  }
  if (htpasswd === undefined) return {};
  const path = join(folder, "htpasswd");
  writeFileSync(path, htpasswd);
  return { auth: { htpasswd: { realm: "test", path } } };
}
