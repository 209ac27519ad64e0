import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processContext, type Context } from "../../src/ground/context.ts";
import { findImage } from "../../src/runtime/find-image.ts";
import { imageSource, type ImageSource } from "../../src/runtime/content/image-source.ts";
import { layoutMadeOnce } from "./layout-made-once.ts";

/** The folders of the test image that an instance may write, as `ingot build` would label them. */
export const testWritable = [
  { path: "/run", size: 1024 * 1024 },
  { path: "/tmp", size: 4 * 1024 * 1024 },
  { path: "/var/lib/nginx", size: 1024 * 1024 },
];

const nginxConf = `worker_processes 1;
pid /run/nginx.pid;
error_log stderr;
events { worker_connections 64; }
http {
  access_log /dev/stdout;
  server { listen 8080; root /srv/www; }
}
`;

/** Why this machine cannot run instances; undefined when it can. */
export function whyNoInstances(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  const plugins = process.env.CNI_PATH?.split(":")[0] ?? "/usr/lib/cni";
  if (!existsSync(join(plugins, "bridge"))) return "needs the CNI plugins: not installed";
  for (const program of ["runc", "ip", "mmdebstrap", "umoci"]) {
    if (!isInstalled(program)) return `needs ${program}: not installed`;
  }
  return undefined;
}

export type TestHome = { readonly ctx: Context; readonly home: string; readonly image: ImageSource };

/** A new `$INGOT_HOME` whose store has the test image by the name `web`. The caller removes it with `removeTestHome`. */
export async function makeTestHome(parent = tmpdir()): Promise<TestHome> {
  const layout = await testImageLayout();
  const home = mkdtempSync(join(parent, "ingot-runtime-"));
  cpSync(layout, join(home, "store"), { recursive: true });
  const ctx = processContext({ home });
  return { ctx, home, image: imageSource(ctx, findImage(ctx, "web").digest) };
}

/**
 * A Debian with nginx, perl and a setuid program, made by other programs: these tests are about running, and must not fail because
 * of how an image is cast.
 */
function testImageLayout(): Promise<string> {
  return layoutMadeOnce("runtime-image-1", { makeTar, config: configArgs() });
}

function makeTar(folder: string): string {
  const conf = join(folder, "nginx.conf");
  writeFileSync(conf, nginxConf);
  const tar = join(folder, "root.tar");
  const hooks = [
    `copy-in ${conf} /etc/nginx`,
    'mkdir -p "$1/srv/www" && echo "Welcome from the image" > "$1/srv/www/index.html"',
    'cp "$1/usr/bin/perl" "$1/usr/local/bin/setuid-perl" && chmod 4755 "$1/usr/local/bin/setuid-perl"',
  ];
  const hookArgs = hooks.map((hook) => `--customize-hook=${hook}`);
  execFileSync("mmdebstrap", ["-q", "--variant=minbase", "--include=nginx-light", ...hookArgs, "bookworm", tar], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return tar;
}

function configArgs(): string[] {
  const command = ["nginx", "-g", "daemon off;"].flatMap((word) => ["--config.cmd", word]);
  const label = ["--config.label", `dev.ingot.writable=${JSON.stringify(testWritable)}`];
  return ["--config.user", "www-data", "--config.exposedports", "8080/tcp", ...command, ...label];
}

export function isInstalled(program: string): boolean {
  const folders = (process.env.PATH ?? "").split(":");
  return folders.some((folder) => existsSync(join(folder, program)));
}
