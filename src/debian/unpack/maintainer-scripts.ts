import { IngotError } from "../../ground/error.ts";
import type { Package } from "../package.ts";
import type { DebFile } from "./deb-file.ts";
import { databaseName } from "./info-database.ts";
import type { Sandbox, SandboxResult } from "./sandbox.ts";
import type { Tree } from "./tree.ts";

/** All that a script sees of the environment: nothing of the host's, so that the host cannot show in the image. */
export function scriptEnvironment(epoch: number): Readonly<Record<string, string>> {
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    SHELL: "/bin/sh",
    TERM: "dumb",
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    DEBIAN_FRONTEND: "noninteractive",
    DEBCONF_NONINTERACTIVE_SEEN: "true",
    DEBCONF_NOWARNINGS: "yes",
    SOURCE_DATE_EPOCH: String(epoch),
    // Compiled Python holds the times of the cast and is removed anyway.
    PYTHONDONTWRITEBYTECODE: "1",
  };
}

export type ScriptOptions = { readonly sandbox: Sandbox; readonly epoch: number };

/** Runs `preinst install` as dpkg does before it unpacks a new package (Debian Policy 6.5). Throws `script-failed`. */
export async function runPreinst(
  item: Package,
  { deb, tree, sandbox, epoch }: ScriptOptions & { readonly deb: DebFile; readonly tree: Tree },
): Promise<void> {
  const folder = "var/lib/dpkg/tmp.ci";
  // Where dpkg itself puts the control files for a preinst; debconf looks there for the name of the package.
  tree.removePath(folder);
  for (const file of deb.controlFiles.values())
    tree.add(tree.place(`${folder}/${file.path}`), { ...file, uid: 0, gid: 0 });
  const env = {
    ...scriptEnvironment(epoch),
    DPKG_MAINTSCRIPT_PACKAGE: item.name,
    DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT: "1",
    DPKG_MAINTSCRIPT_ARCH: item.architecture,
    DPKG_MAINTSCRIPT_NAME: "preinst",
    DPKG_RUNNING_VERSION: "1.21.22",
    DPKG_ADMINDIR: "/var/lib/dpkg",
    DPKG_ROOT: "",
  };
  const result = await sandbox.run({ argv: [`/${folder}/preinst`, "install"], env });
  tree.forgetFolders();
  tree.removePath(folder);
  if (result.code !== 0) throw scriptFailed(`the preinst script of ${item.name} ${item.version}`, result);
}

/** Configures packages by the image's own dpkg, which finds the order, runs postinst scripts and processes triggers. Throws `script-failed`. */
export async function configurePackages(
  items: readonly Package[],
  options: ScriptOptions & { readonly onConfigured?: (name: string) => void },
): Promise<void> {
  const names = items.map(databaseName);
  const argv = ["/usr/bin/dpkg", "--status-fd", "3", "--force-unsafe-io", "--no-debsig", "--configure", ...names];
  const status = new StatusReader(options.onConfigured ?? (() => {}));
  const result = await options.sandbox.run({ argv, env: scriptEnvironment(options.epoch) }, (text) => status.add(text));
  if (result.code === 0) return;
  const failed = status.failed.length > 0 ? status.failed.join(", ") : "dpkg --configure";
  throw scriptFailed(`the configuration (postinst) of ${failed}`, result, status.problems);
}

/** Follows dpkg's machine-readable report (dpkg(1), --status-fd). */
class StatusReader {
  readonly failed: string[] = [];
  readonly problems: string[] = [];
  readonly #onConfigured: (name: string) => void;
  #rest = "";

  constructor(onConfigured: (name: string) => void) {
    this.#onConfigured = onConfigured;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#read(line);
  }

  #read(line: string): void {
    const [, name = "", state = ""] = /^status: (\S+?) ?: (.*)$/.exec(line) ?? [];
    if (state === "installed") this.#onConfigured(name);
    if (!state.startsWith("error")) return;
    this.failed.push(name);
    this.problems.push(`${name}: ${state}`);
  }
}

function scriptFailed(what: string, result: SandboxResult, problems: readonly string[] = []): IngotError {
  const lines = result.output.trimEnd().split("\n");
  return new IngotError(
    "script-failed",
    `${what} ended with exit code ${result.code}; no layer was kept and nothing was changed`,
    {
      hint: "its output is above; leave the package out, or prepare what it needs in an earlier package",
      details: [...lines.slice(-60), ...problems],
    },
  );
}
