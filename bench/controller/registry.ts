import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { runCommand } from "../../src/ground/run-command.ts";
import { canonicalJson } from "../../src/oci/canonical-json.ts";
import { openLayout } from "../../src/oci/layout.ts";
import { mediaTypes } from "../../src/oci/media-types.ts";
import { startDockerRegistry } from "../../test/support/docker-registry.ts";
import { newerTool } from "../../test/support/newer-tools.ts";
import { startController } from "./start-controller.ts";
import type { Bench, BenchWork, Comparison, Side } from "../comparison.ts";

/** The controller's registry beside Debian's docker-registry: ours asks who it is and what the policy says, at each request; theirs asks nothing. */
export const bench: Bench = async function* (work) {
  const crane = newerTool("crane");
  if (crane === undefined) return console.error("controller-registry: skipped, needs crane: not installed");
  const sides = await startSides(work.folder, crane);
  try {
    yield measurePush(sides, work);
    yield measurePull(sides, work);
    yield measureManifestGets(sides, work);
  } finally {
    for (const side of sides) await side.stop();
  }
};

/** A registry that runs, and a client that may use it. */
export type RegistrySide = {
  readonly name: string;
  readonly host: string;
  /** Of the `Authorization` header; empty for a registry that asks nothing. */
  readonly authorization: string;
  readonly folder: string;
  readonly crane: (...args: string[]) => Promise<string>;
  readonly stop: () => Promise<void>;
};

/** Starts both on tmpfs, with an image of 157 MB in a layout to push. */
export async function startSides(folder: string, crane: string): Promise<readonly RegistrySide[]> {
  await makeImage(join(folder, "layout"));
  const run = async (...args: string[]): Promise<string> =>
    (await runCommand(crane, args, { env: { ...process.env, DOCKER_CONFIG: folder } })).stdout;
  const ours = await startController(join(folder, "home"));
  const auth = Buffer.from(`bench:${ours.token}`).toString("base64");
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [ours.host]: { auth } } }), { mode: 0o600 });
  const theirs = await startDockerRegistry(join(folder, "docker-registry"));
  return [
    { name: "ingot, authorisation on", authorization: `Bearer ${ours.token}`, folder, crane: run, ...ours },
    { name: "docker-registry, open", authorization: "", folder, crane: run, host: theirs.host, stop: theirs.stop },
  ];
}

/** `crane push` of the image into a repository of its own. */
export function measurePush(sides: readonly RegistrySide[], work: BenchWork): Comparison {
  let run = 0;
  const side = ({ name, host, folder, crane }: RegistrySide): Side => ({
    name,
    run: async () => void (await crane("push", join(folder, "layout"), `${host}/push/web${(run += 1)}:1`)),
  });
  return {
    title: "push of 157 MB by crane",
    note: "both on tmpfs; to reach: 1.2 × docker-registry",
    runs: work.runs(9),
    sides: sides.map(side),
  };
}

/** `crane pull` of the image into an empty folder. */
export function measurePull(sides: readonly RegistrySide[], work: BenchWork): Comparison {
  const side = ({ name, host, folder, crane }: RegistrySide): Side => ({
    name,
    prepare: async () => {
      rmSync(join(folder, "pulled"), { recursive: true, force: true });
      await crane("push", join(folder, "layout"), `${host}/pull/web:1`);
    },
    run: async () => void (await crane("pull", "--format=oci", `${host}/pull/web:1`, join(folder, "pulled"))),
  });
  return {
    title: "pull of 157 MB by crane",
    note: "both on tmpfs; to reach: 1 × docker-registry",
    runs: work.runs(9),
    sides: sides.map(side),
  };
}

const requests = 6_000;
const connections = 16;

/** GET of one manifest by tag, over a few connections that stay open. */
export function measureManifestGets(sides: readonly RegistrySide[], work: BenchWork): Comparison {
  const side = ({ name, host, folder, authorization, crane }: RegistrySide): Side => ({
    name,
    prepare: async () => void (await crane("push", join(folder, "layout"), `${host}/get/web:1`)),
    run: async () => {
      const start = performance.now();
      const each = Math.floor(requests / connections);
      const request = `GET /v2/get/web/manifests/1 HTTP/1.1\r\nHost: ${host}\r\n${
        authorization === "" ? "" : `Authorization: ${authorization}\r\n`
      }Accept: ${mediaTypes.imageManifest}\r\n\r\n`;
      await Promise.all(Array.from({ length: connections }, () => ask(host, request, each)));
      return `${Math.round((each * connections * 1000) / (performance.now() - start))} requests/s`;
    },
  });
  return {
    title: `${requests} × GET of a manifest, ${connections} connections`,
    note: "to reach: 5 × docker-registry",
    runs: work.runs(5),
    sides: sides.map(side),
  };
}

/** One request after the other on one connection. A client of our own, so that it costs less than what it measures. */
async function ask(host: string, request: string, times: number): Promise<void> {
  const [hostname, port] = host.split(":");
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  let left = times;
  let expected: number | undefined;
  let received = 0;
  const done = once(socket, "close");
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    expected ??= lengthOf(chunk);
    if (received < expected) return;
    received = 0;
    left -= 1;
    if (left > 0) socket.write(request);
    else socket.destroy();
  });
  socket.write(request);
  await done;
}

/** Bytes of a whole answer, by the first one: all are alike. */
function lengthOf(chunk: Buffer): number {
  const text = chunk.toString("latin1");
  if (!text.startsWith("HTTP/1.1 200 ")) throw new Error(text.slice(0, 300));
  const length = /content-length: (\d+)/i.exec(text)?.[1];
  return text.indexOf("\r\n\r\n") + 4 + Number(length);
}

async function makeImage(folder: string): Promise<void> {
  const layout = openLayout(folder);
  const layers = [70, 40, 25, 12, 6, 4].map((mebibytes) => {
    const content = randomFillSync(Buffer.alloc(mebibytes << 20));
    return { mediaType: mediaTypes.layerGzip, digest: layout.putBlob(content), size: content.length };
  });
  const configuration = canonicalJson({
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  });
  const config = {
    mediaType: mediaTypes.imageConfig,
    digest: layout.putBlob(configuration),
    size: configuration.length,
  };
  const manifest = canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageManifest, config, layers });
  const digest = layout.putBlob(manifest);
  await layout.setReference("bench", { mediaType: mediaTypes.imageManifest, digest, size: manifest.length });
}
