import { hash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { writeFileAtomic } from "../../src/ground/atomic-file.ts";
import { runCommand } from "../../src/ground/run-command.ts";
import type { CastPackage } from "../../src/image/cast-plan.ts";
import { describeFolder, type TreeDescription } from "./describe-tree.ts";
import { makeRepository } from "./real-packages.ts";
import { sharedFolder } from "./test-cache.ts";

export type ReferenceTree = {
  readonly description: TreeDescription;
  /** Path → text, of the files that were asked for. */
  readonly texts: ReadonlyMap<string, string>;
};

type Request = { readonly packages: readonly CastPackage[]; readonly texts: readonly string[]; readonly epoch: number };

/**
 * What mmdebstrap and dpkg make of exactly these packages, in a folder below `work`. The same packages by checksum, installed by the same programs, give the same
 * tree: its description is kept in the test cache, under the checksum of all that went in, and is made again where it is missing or altered.
 */
export async function mmdebstrapTree(work: string, request: Request): Promise<ReferenceTree> {
  const path = join(sharedFolder("trees"), `${await keyOf(request)}.json.gz`);
  const kept = readKept(path);
  if (kept !== undefined) return kept;
  const made = await makeTree(work, request);
  const text = JSON.stringify({ description: [...made.description], texts: [...made.texts] });
  writeFileAtomic(path, gzipSync(`${hash("sha256", text, "hex")}\n${text}`), { durable: false });
  return made;
}

async function keyOf({ packages, ...rest }: Request): Promise<string> {
  const programs = ["mmdebstrap", "dpkg"].map(async (name) => (await runCommand(name, ["--version"])).stdout);
  const sources = ["mmdebstrap-tree.ts", "describe-tree.ts"].map((name) =>
    readFileSync(join(import.meta.dirname, name), "utf8"),
  );
  const sums = packages.map(({ name, version, sha256 }) => ({ name, version, sha256 }));
  return hash("sha256", JSON.stringify([...(await Promise.all(programs)), ...sources, sums, rest]), "hex").slice(0, 32);
}

function readKept(path: string): ReferenceTree | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const [, sum = "", text = ""] = /^(\w+)\n(.*)$/s.exec(gunzipSync(readFileSync(path)).toString("utf8")) ?? [];
    if (hash("sha256", text, "hex") !== sum) return undefined;
    const kept = JSON.parse(text) as Record<"description" | "texts", readonly (readonly [string, string])[]>;
    return { description: new Map(kept.description), texts: new Map(kept.texts) };
  } catch {
    // Cut off or altered: it is made again.
    return undefined;
  }
}

async function makeTree(work: string, { packages, texts, epoch }: Request): Promise<ReferenceTree> {
  const [target, repository] = [join(work, "mmdebstrap"), join(work, "repository")];
  mkdirSync(work, { recursive: true });
  const source = await makeRepository(repository, packages);
  const names = packages.map(({ name }) => name).join(",");
  const options = ["--mode=root", "--variant=custom", "--skip=check/empty", `--include=${names}`];
  await runCommand("mmdebstrap", [...options, "bookworm", target, source], {
    env: { PATH: process.env.PATH, SOURCE_DATE_EPOCH: String(epoch) },
  });
  const read = texts.map((path) => [path, readFileSync(join(target, path), "utf8")] as const);
  const tree = { description: describeFolder(target), texts: new Map(read) };
  rmSync(target, { recursive: true });
  return tree;
}
