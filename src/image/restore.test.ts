import assert from "node:assert/strict";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Tree } from "../debian/unpack/tree.ts";
import { openStore } from "../oci/layout.ts";
import type { TarEntry } from "../oci/tar/entry.ts";
import { tarEntry } from "../oci/tar/tar-entry.fixture.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import { layerIndex } from "../oci/layer/layer-index.ts";
import { writeLayer } from "./layer-writer.ts";
import { restoreLayers } from "./restore.ts";
import { scanTree } from "./scan-tree.ts";
import { diffStage } from "./stage-diff.ts";
import { mergeLayers, type TreeView } from "../oci/layer/tree-view.ts";

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const folder = (path: string, mode = 0o755): TarEntry => tarEntry({ path, type: "directory", mode, mtime: 50, ...own });
const file = (path: string, content: string, more: Partial<TarEntry> = {}): TarEntry => ({
  ...tarEntry({ path, content, mtime: 60, ...own }),
  ...more,
});

const base: readonly TarEntry[] = [
  folder("etc"),
  file("etc/a", "a"),
  file("etc/b", "b", { mode: 0o600 }),
  file("etc/hard", "linked"),
  { ...file("etc/hard2", ""), type: "hardlink", linkname: "etc/hard" },
  { ...file("etc/link", ""), type: "symlink", linkname: "a", mode: 0o777 },
  folder("var"),
  folder("var/spool", 0o1777),
  file("var/spool/x", "x", { mode: 0o2755 }),
];

class Bench {
  readonly home: string;
  readonly layers: LayerBlob[] = [];
  #count = 0;

  constructor(t: TestContext) {
    this.home = mkdtempSync(join(tmpdir(), "ingot-restore-"));
    t.after(() => rmSync(this.home, { recursive: true }));
  }

  async write(entries: readonly TarEntry[]): Promise<void> {
    this.layers.push(await writeLayer(this, { layout: openStore(this), compression: "gzip", title: "test", entries }));
  }

  async restore(): Promise<string> {
    const root = join(this.home, `tree-${this.#count++}`);
    mkdirSync(root);
    process.umask(0);
    await restoreLayers(this, { layout: openStore(this), layers: this.layers, tree: new Tree(root) });
    return root;
  }

  async view(): Promise<TreeView> {
    return mergeLayers(await Promise.all(this.layers.map((layer) => layerIndex(this, layer))));
  }

  async diff(root: string): Promise<readonly TarEntry[]> {
    const view = await this.view();
    const scanned = scanTree(root, (path) => view.has(path));
    const entries = diffStage({
      root,
      view,
      scanned,
      mayDiffer: () => true,
      epoch: 100,
      started: Date.now() - 1_000_000,
    });
    // The root belongs to whoever runs this test.
    return entries.filter(({ path }) => path !== "");
  }
}

test("a restored tree differs in nothing from what its layers say", async (t) => {
  const bench = new Bench(t);
  await bench.write(base);
  await bench.write([folder("etc"), file("etc/a", "newer"), file("etc/.wh.b", ""), folder("var", 0o711)]);
  const root = await bench.restore();
  assert.deepEqual(await bench.diff(root), []);
  assert.equal(lstatSync(join(root, "etc/hard")).ino, lstatSync(join(root, "etc/hard2")).ino);
  assert.equal(lstatSync(join(root, "var/spool")).mtimeMs, 50_000);
  assert.equal(lstatSync(join(root, "var/spool/x")).mode & 0o7777, 0o2755);
});

const changes: Readonly<Record<string, { change: (root: string) => void; expected: readonly string[] }>> = {
  "new content": { change: (root) => writeFileSync(join(root, "etc/a"), "A"), expected: ["etc", "etc/a=A @100"] },
  "a new mode": { change: (root) => chmodSync(join(root, "etc/a"), 0o640), expected: ["etc", "etc/a=a @60"] },
  "content of the same size and time": {
    change: (root) => {
      writeFileSync(join(root, "etc/a"), "z");
      utimesSync(join(root, "etc/a"), 60, 60);
    },
    expected: ["etc", "etc/a=z @60"],
  },
  "a removed file": { change: (root) => unlinkSync(join(root, "etc/b")), expected: ["etc", "etc/.wh.b= @100"] },
  "a removed folder": { change: (root) => rmSync(join(root, "var"), { recursive: true }), expected: [".wh.var= @100"] },
  "a renamed folder": {
    change: (root) => renameSync(join(root, "var/spool"), join(root, "var/pool")),
    expected: ["var", "var/.wh.spool= @100", "var/pool", "var/pool/x=x @60"],
  },
  "a link instead of a file": {
    change: (root) => {
      unlinkSync(join(root, "etc/a"));
      symlinkSync("b", join(root, "etc/a"));
    },
    expected: ["etc", "etc/a->b"],
  },
  "a file instead of a folder": {
    change: (root) => {
      rmSync(join(root, "var"), { recursive: true });
      writeFileSync(join(root, "var"), "flat");
    },
    expected: ["var=flat @100"],
  },
  "one more hard link": {
    change: (root) => linkSync(join(root, "etc/hard"), join(root, "etc/hard0")),
    expected: ["etc", "etc/hard0=>etc/hard", "etc/hard2=>etc/hard", "etc/hard=linked @60"],
  },
  "a hard link that became a file of its own": {
    change: (root) => {
      unlinkSync(join(root, "etc/hard2"));
      writeFileSync(join(root, "etc/hard2"), "linked");
    },
    expected: ["etc", "etc/hard2=linked @100"],
  },
  "compiled Python": {
    change: (root) => {
      mkdirSync(join(root, "etc/__pycache__"));
      writeFileSync(join(root, "etc/__pycache__/a.pyc"), "");
      writeFileSync(join(root, "etc/b.pyc"), "");
    },
    expected: [],
  },
};

for (const [title, { change, expected }] of Object.entries(changes)) {
  test(`the next layer holds ${title}, and its restored tree is the changed one`, async (t) => {
    const bench = new Bench(t);
    await bench.write(base);
    const root = await bench.restore();
    change(root);
    const entries = await bench.diff(root);
    assert.deepEqual(entries.map(describe).toSorted(), expected);
    if (entries.length === 0) return;
    await bench.write(entries);
    assert.deepEqual(await bench.diff(root), [], "the live tree");
    assert.deepEqual(await bench.diff(await bench.restore()), [], "the restored tree");
  });
}

function describe({ path, type, linkname, content, mtime }: TarEntry): string {
  if (type === "directory") return path;
  if (type === "symlink") return `${path}->${linkname}`;
  return type === "hardlink" ? `${path}=>${linkname}` : `${path}=${content.toString()} @${mtime}`;
}

test("a layer of someone else that lays a link and writes through it reaches nothing outside", async (t) => {
  const bench = new Bench(t);
  const outside = join(bench.home, "outside");
  mkdirSync(join(outside, "below"), { recursive: true, mode: 0o700 });
  chmodSync(join(outside, "below"), 0o700);
  const before = lstatSync(join(outside, "below"));
  await bench.write([{ ...file("evil", ""), type: "symlink", linkname: outside, mode: 0o777 }]);
  await bench.write([folder("evil/below", 0o777), file("evil/below/x", "x")]);
  const root = await bench.restore();
  const after = lstatSync(join(outside, "below"));
  assert.deepEqual([after.mode, after.mtimeMs, after.ctimeMs], [before.mode, before.mtimeMs, before.ctimeMs]);
  assert.equal(lstatSync(join(root, outside, "below/x")).size, 1);
});

test("an index that is lost is made again from the layer, the same", async (t) => {
  const bench = new Bench(t);
  await bench.write(base);
  const [layer] = bench.layers;
  if (layer === undefined) return assert.fail();
  const before = await layerIndex(bench, layer);
  rmSync(join(bench.home, "cache"), { recursive: true });
  assert.deepEqual(await layerIndex(bench, layer), before);
});

test("entries in another order give the same layer", async (t) => {
  const bench = new Bench(t);
  await bench.write(base);
  await bench.write(base.toReversed());
  assert.equal(bench.layers[0]?.digest, bench.layers[1]?.digest);
});
