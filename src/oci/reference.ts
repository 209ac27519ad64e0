import { IngotError } from "../ground/error.ts";
import { isDigest, type Digest } from "./digest.ts";

/** Where an image is: `REGISTRY/REPOSITORY[:TAG][@DIGEST]`, with the defaults of Docker filled in. */
export type ImageReference = {
  /** Host, with its port where one is written. */
  readonly registry: string;
  readonly repository: string;
  /** `latest` when neither tag nor digest is written. */
  readonly tag?: string;
  /** Wins over the tag where both are written. */
  readonly digest?: Digest;
};

/** Parses a reference as Docker does (github.com/distribution/reference). Throws `reference-malformed`, saying which part is wrong. */
export function parseReference(text: string): ImageReference {
  const [beforeDigest = "", digest, ...rest] = text.split("@");
  if (rest.length > 0) throw malformed(text, "there is more than one @");
  if (digest !== undefined && !isDigest(digest))
    throw malformed(text, "what follows @ is not sha256: and 64 hex digits");
  const colon = beforeDigest.lastIndexOf(":");
  const hasTag = colon > beforeDigest.lastIndexOf("/");
  const place = splitName(hasTag ? beforeDigest.slice(0, colon) : beforeDigest);
  assertPlace(text, place);
  const tag = hasTag ? beforeDigest.slice(colon + 1) : undefined;
  if (tag !== undefined && !tagPattern.test(tag)) {
    throw malformed(text, `the tag ${JSON.stringify(tag)} is not 1 to 128 letters, digits, _ . -`);
  }
  if (digest === undefined) return { ...place, tag: tag ?? "latest" };
  return { ...place, ...(tag === undefined ? {} : { tag }), digest };
}

function assertPlace(text: string, { registry, repository }: Place): void {
  if (!registryPattern.test(registry)) {
    throw malformed(text, `${JSON.stringify(registry)} is not a host with an optional port`);
  }
  if (repository.toLowerCase() !== repository) throw malformed(text, "a repository is written in lower case");
  if (!repositoryPattern.test(repository) || repository.length > 255) {
    throw malformed(text, `the repository ${JSON.stringify(repository)} is not a path of names`);
  }
}

type Place = { readonly registry: string; readonly repository: string };

/** The whole reference, nothing left to defaults. */
export function formatReference({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** The name of the default registry in references; its API answers elsewhere. */
export const dockerHub = "docker.io";

function splitName(name: string): Place {
  const slash = name.indexOf("/");
  const first = slash === -1 ? "" : name.slice(0, slash);
  // Without a dot or a port it is a user of the default registry, not a host.
  const isHost = first.includes(".") || first.includes(":") || first === "localhost" || first.toLowerCase() !== first;
  const registry = isHost ? first : dockerHub;
  const repository = isHost ? name.slice(slash + 1) : name;
  if (registry !== dockerHub && registry !== `index.${dockerHub}`) return { registry, repository };
  return { registry: dockerHub, repository: repository.includes("/") ? repository : `library/${repository}` };
}

const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const registryPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?$/;
const repositoryPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

function malformed(text: string, why: string): IngotError {
  return new IngotError("reference-malformed", `${JSON.stringify(text)} is not a reference to an image: ${why}`, {
    hint: "write REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:DIGEST, such as registry.example:5000/shop/web:1",
  });
}

/** Whether a text names a registry by its first part (a dot, a port or `localhost` before the first slash). */
export function namesRegistry(text: string): boolean {
  return /^[^/]*[.:][^/]*\/|^localhost\//.test(text);
}
