import type { Decision, Principal } from "../../policy/policy.ts";
import { childrenOf } from "../state/registry-lists.ts";
import { findManifest, type StoredManifest } from "../state/registry.ts";
import type { Asked } from "../decisions/authorize.ts";
import type { Registry } from "./registry.ts";

/** A decision about a pull, and about which image it was made. */
export type PullDecision = { readonly asked: Asked; readonly decision: Decision };

/** How deep an index may hold indexes, and a statement be about a statement. */
const deepest = 4;
/** Attack: indexes of indexes of indexes of the same five hundred images, which one request would go through a hundred million times. */
const mostAsked = 1000;

/**
 * Whether somebody may pull a manifest. An image is decided by what is proven of it, for the environment of the token; an index by its images, of which one must be permitted; what describes
 * an image, by that image.
 */
export function decidePull(registry: Registry, principal: Principal, manifest: StoredManifest): Promise<PullDecision> {
  return decide(registry, { principal, manifest, depth: 0, seen: new Map() });
}

/** The same by digest, also of what is not in the repository: of that nothing is proven there. */
export function decidePullOf(
  registry: Registry,
  principal: Principal,
  { repository, digest }: { readonly repository: string; readonly digest: string },
): Promise<PullDecision> {
  const manifest = findManifest(registry.controller.ledger.state, repository, digest);
  if (manifest === undefined) return ask(registry, { principal, repository, image: digest });
  return decidePull(registry, principal, manifest);
}

type Walk = {
  readonly principal: Principal;
  readonly manifest: StoredManifest;
  readonly depth: number;
  /** Children of indexes that were asked about on the way, and their denials: a permit ends the way. */
  readonly seen: Map<string, PullDecision>;
};

async function decide(registry: Registry, walk: Walk): Promise<PullDecision> {
  const { principal, manifest, depth } = walk;
  const { repository, digest, kind, subject } = manifest;
  const askAbout = (image: string): Promise<PullDecision> => ask(registry, { principal, repository, image });
  if (depth >= deepest) return askAbout(digest);
  // Attack: an image to run that is attached to a permitted one. Only what has no files to run goes by its subject.
  if (kind === "artifact" && subject !== undefined) {
    const described = findManifest(registry.controller.ledger.state, repository, subject);
    if (described === undefined) return askAbout(subject);
    return decide(registry, { ...walk, manifest: described, depth: depth + 1 });
  }
  if (kind !== "index") return askAbout(digest);
  return (await decideChildren(registry, walk)) ?? askAbout(digest);
}

/** The first permit, or the first denial; undefined for an index of nothing. */
async function decideChildren(registry: Registry, walk: Walk): Promise<PullDecision | undefined> {
  const { manifest, depth, seen } = walk;
  const { state } = registry.controller.ledger;
  const { repository, digest } = manifest;
  let first: PullDecision | undefined;
  for (const child of childrenOf(state, repository, digest)) {
    const before = seen.get(child);
    first ??= before;
    const found = before === undefined ? findManifest(state, repository, child) : undefined;
    if (found === undefined) continue;
    if (seen.size >= mostAsked) break;
    const decided = await decide(registry, { ...walk, manifest: found, depth: depth + 1 });
    if (decided.decision.permit) return decided;
    seen.set(child, decided);
    first ??= decided;
  }
  return first;
}

type About = { readonly principal: Principal; readonly repository: string; readonly image: string };

async function ask(registry: Registry, { principal, repository, image }: About): Promise<PullDecision> {
  const { environment } = principal;
  const asked: Asked = {
    principal,
    action: "pull",
    resource: { kind: "image", repository },
    image,
    ...(environment === undefined ? {} : { environment }),
  };
  return { asked, decision: await registry.access.decide(asked) };
}
