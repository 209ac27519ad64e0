import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { test, type TestContext } from "node:test";
import { processContext } from "../src/ground/context.ts";
import type { LayerBlob } from "../src/oci/layer/layer-blob.ts";
import { normalisationRules } from "../src/image/normalise/rules.ts";
import { readLayerFiles } from "../src/oci/layer/read-layer-files.ts";
import { openLayout } from "../src/oci/layout.ts";
import { castSet, packagesStage, testEpoch, type PackagesStage } from "./support/cast-set.ts";
import { describeLayers } from "./support/describe-tree.ts";
import { mmdebstrapTree, type ReferenceTree } from "./support/mmdebstrap-tree.ts";
import { fetchPackages, hasProgram } from "./support/real-packages.ts";

/** What mmdebstrap adds of its own, which is no content of a package. */
const onlyMmdebstrap: Readonly<Record<string, string>> = {
  "dev/**": "mmdebstrap makes device nodes; a container's runtime brings its own",
  "etc/apt/sources.list": "mmdebstrap writes where it installed from",
  "etc/apt/sources.list.d/**": "mmdebstrap writes where it installed from",
  "etc/fstab": "mmdebstrap writes an empty one",
  "var/lib/dpkg/arch": "mmdebstrap writes it, for apt",
};

/** Paths that both have and that differ, with the reason. */
const different: Readonly<Record<string, string>> = {
  "var/cache/apt/archives/partial": "mmdebstrap runs apt, which gives this folder to its user",
  "var/lib/apt/lists/partial": "mmdebstrap runs apt, which gives this folder to its user",
};

/** Files whose lines are in the order in which packages were configured, where there is more than one right order. */
const sameLines = ["etc/shells", "var/lib/dpkg/triggers/File"];

/** Begins with the essential packages alone, as a stage of its own. About 170 packages: every kind of trigger, alternative, diversion and capability that Debian's base has. */
const requests = [
  ["?essential"],
  [
    "?essential",
    "apt",
    "nginx-light",
    "ca-certificates",
    "python3",
    "postgresql-client",
    "git",
    "curl",
    "iputils-ping",
    "vim-tiny",
    "less",
    "man-db",
    "locales",
    "rsync",
  ],
];

const title =
  "the image has the content that dpkg makes: a web server, Python and the client of PostgreSQL, about 170 packages";
test(title, { timeout: 300_000 }, async (t) => {
  if (process.getuid?.() !== 0) return t.skip("needs root: mmdebstrap must make the same owners");
  for (const program of ["mmdebstrap", "apt-get"])
    if (!hasProgram(program)) return t.skip(`needs ${program}: not installed`);
  const work = temporaryFolder(t);
  const stages = await makeStages();
  const packages = stages.flatMap((stage) => stage.packages);
  const reference = mmdebstrapTree(work, { packages, texts: sameLines, epoch: testEpoch });
  reference.catch(() => {});
  const image = await castImage(join(work, "home"), stages);
  await compareTrees(await reference, image);
});

async function makeStages(): Promise<readonly PackagesStage[]> {
  const seen = new Set<string>();
  const stages = [];
  for (const [at, request] of requests.entries()) {
    const packages = (await fetchPackages(request)).filter(({ name }) => !seen.has(name));
    for (const { name } of packages) seen.add(name);
    stages.push(packagesStage(`stage ${at}`, packages));
  }
  return stages;
}

type CastImage = { readonly home: string; readonly layers: readonly LayerBlob[] };

async function castImage(home: string, stages: readonly PackagesStage[]): Promise<CastImage> {
  // The sound of silence: both print what is wrong, and nothing else.
  const check = ['test -z "$(dpkg --audit)"', 'test -z "$(dpkg --verify)"'];
  const checking = { kind: "run", name: "check", epoch: testEpoch, commands: check } as const;
  const results = await castSet(home, [...stages, checking]);
  assert.deepEqual(results.at(-1)?.layers, [], "looking at the tree changes nothing in it");
  return { home, layers: results.slice(0, -1).flatMap((result) => result.layers) };
}

async function compareTrees({ description: wanted, texts }: ReferenceTree, image: CastImage): Promise<void> {
  const found = await describeLayers(image.home, image.layers);
  const differences: string[] = [];
  for (const [path, line] of wanted)
    if (!isExplained(path) && found.get(path) !== line) differences.push(`${path}: ${line} | ${found.get(path)}`);
  for (const [path, line] of found) if (!wanted.has(path)) differences.push(`${path}: nothing | ${line}`);
  const unequal = differences.filter((line) => !sameLines.some((path) => line.startsWith(`${path}: file`)));
  assert.deepEqual(unequal, []);
  await compareLines(texts, image);
  assert.ok(found.size > 1000, `only ${found.size} paths were compared`);
}

function isExplained(path: string): boolean {
  const patterns = [
    ...Object.keys(onlyMmdebstrap),
    ...Object.keys(different),
    ...normalisationRules.map((rule) => rule.path),
  ];
  return patterns.some((pattern) => matchesGlob(path, pattern)) || /(^|\/)__pycache__(\/|$)|\.pyc$/.test(path);
}

async function compareLines(texts: ReferenceTree["texts"], { home, layers }: CastImage): Promise<void> {
  const source = { layout: openLayout(join(home, "store")), layers };
  const ours = await readLayerFiles(processContext({ home }), source, sameLines);
  const lines = (text: string | Buffer | undefined) => String(text).split("\n").toSorted();
  for (const path of sameLines) assert.deepEqual(lines(ours.get(path)), lines(texts.get(path)), path);
}

function temporaryFolder(t: TestContext): string {
  mkdirSync("/dev/shm", { recursive: true });
  const folder = mkdtempSync("/dev/shm/ingot-equality-");
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
