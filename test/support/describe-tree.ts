import { hash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readXattrs } from "../../src/ground/extended-attributes.ts";
import type { LayerBlob } from "../../src/oci/layer/layer-blob.ts";
import { layerIndex } from "../../src/oci/layer/layer-index.ts";
import { mergeLayers } from "../../src/oci/layer/tree-view.ts";

/** Path → one line with everything of it but its times. */
export type TreeDescription = ReadonlyMap<string, string>;

export function describeFolder(root: string): TreeDescription {
  const found = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const name of readdirSync(`${root}/${folder}`)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      found.set(path, describePath(`${root}/${path}`));
      if (found.get(path)?.startsWith("directory")) visit(path);
    }
  };
  visit("");
  return found;
}

function describePath(path: string): string {
  const stat = lstatSync(path);
  const owner = `${stat.uid}:${stat.gid}`;
  const mode = (stat.mode & 0o7777).toString(8);
  const xattrs = [...readXattrs(path)].map(([name, value]) => `${name}=${value.toString("hex")}`).join(",");
  if (stat.isSymbolicLink()) return `symlink ${owner} ${readlinkSync(path)} ${xattrs}`;
  if (stat.isDirectory()) return `directory ${mode} ${owner} ${xattrs}`;
  if (!stat.isFile()) return `node ${mode} ${owner}`;
  return `file ${mode} ${owner} ${stat.size} ${hash("sha256", readFileSync(path), "hex")} ${xattrs}`;
}

export async function describeLayers(home: string, layers: readonly LayerBlob[]): Promise<TreeDescription> {
  const view = mergeLayers(await Promise.all(layers.map((layer) => layerIndex({ home }, layer))));
  const found = new Map<string, string>();
  for (const entry of view.values()) {
    const {
      type,
      mode,
      uid,
      gid,
      size,
      linkname,
      sha256,
      xattrs = {},
    } = entry.type === "hardlink" ? (view.get(entry.linkname) ?? entry) : entry;
    const attributes = Object.entries(xattrs)
      .map(([name, value]) => `${name}=${value}`)
      .join(",");
    const owner = `${uid}:${gid}`;
    if (entry.path === "") continue;
    if (type === "symlink") found.set(entry.path, `symlink ${owner} ${linkname} ${attributes}`);
    else if (type === "directory") found.set(entry.path, `directory ${mode.toString(8)} ${owner} ${attributes}`);
    else found.set(entry.path, `${type} ${mode.toString(8)} ${owner} ${size} ${sha256} ${attributes}`);
  }
  return found;
}
