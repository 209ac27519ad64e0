import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processContext } from "../../src/ground/context.ts";
import { findImage } from "../../src/runtime/find-image.ts";
import { imageSource } from "../../src/runtime/content/image-source.ts";
import { layoutMadeOnce } from "./layout-made-once.ts";
import type { TestHome } from "./runtime-image.ts";

const packages = ["nginx-light", "postgresql", "redis-server", "redis-tools", "nodejs", "python3", "hostname"];

const writable = [
  { path: "/run", size: 1024 * 1024 },
  { path: "/tmp", size: 64 * 1024 * 1024 },
  { path: "/var/lib/nginx", size: 1024 * 1024 },
  { path: "/var/lib/postgresql", size: 256 * 1024 * 1024 },
  { path: "/var/lib/redis", size: 16 * 1024 * 1024 },
];

const nginxConf = `worker_processes 2;
pid /run/nginx.pid;
error_log stderr;
events { worker_connections 64; }
http {
  access_log /tmp/access.log;
  gzip on;
  server { listen 8080; location / { return 200 "nginx\\n"; } location ~ ^/[a-z]+(\\d+)$ { return 200 "$1"; } }
}
`;

/** A new home whose store has, as `web`, one image with all services of the soak: what is explained in one of them would be in each. Making it takes minutes, once. */
export async function makeSoakHome(): Promise<TestHome> {
  const label = ["--config.label", `dev.ingot.writable=${JSON.stringify(writable)}`];
  const layout = await layoutMadeOnce("guard-soak-1", {
    makeTar,
    config: ["--config.user", "postgres", "--config.cmd", "true", ...label],
  });
  const home = mkdtempSync(join(tmpdir(), "ingot-soak-"));
  cpSync(layout, join(home, "store"), { recursive: true });
  const ctx = processContext({ home });
  return { ctx, home, image: imageSource(ctx, findImage(ctx, "web").digest) };
}

function makeTar(folder: string): string {
  const overlay = join(folder, "overlay");
  for (const path of ["etc/nginx", "srv", "usr/local/bin"]) mkdirSync(join(overlay, path), { recursive: true });
  writeFileSync(join(overlay, "etc/nginx/nginx.conf"), nginxConf);
  writeFileSync(join(overlay, "srv/report.sql"), "select count(*) from t;\nselect version();\n");
  const sources = join(import.meta.dirname, "soak");
  cpSync(join(sources, "node-app"), join(overlay, "srv/app.js"));
  cpSync(join(sources, "python-app"), join(overlay, "srv/app.py"));
  for (const name of ["run-postgres", "postgres-chores", "redis-chores", "hourly", "check"])
    cpSync(join(sources, name), join(overlay, "usr/local/bin", name));
  const tar = join(folder, "root.tar");
  const hooks = [
    `sync-in ${overlay} /`,
    'chmod 0755 "$1"/usr/local/bin/* "$1" "$1/etc" "$1/etc/nginx" "$1/srv" "$1/usr" "$1/usr/local" "$1/usr/local/bin"',
    'rm -rf "$1/var/lib/postgresql" "$1/var/lib/redis" "$1/usr/share/doc"',
    'mkdir -m 1777 "$1/var/lib/postgresql" "$1/var/lib/redis"',
    'chmod 1777 "$1/var/lib/nginx" "$1/run" "$1/tmp"',
  ];
  const options = ["-q", "--variant=minbase", `--include=${packages.join(",")}`];
  execFileSync("mmdebstrap", [...options, ...hooks.map((hook) => `--customize-hook=${hook}`), "bookworm", tar], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return tar;
}
