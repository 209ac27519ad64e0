/**
 * The name of a project or an image: usable as a component of an OCI repository (distribution-spec, "name"), as a folder and in a URL.
 */
export const imageNamePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

/** Longer names do not fit into a repository beside a registry's host (255 characters in all). */
const longestName = 100;

export function isImageName(text: string): boolean {
  return text.length <= longestName && imageNamePattern.test(text);
}

/** The nearest name that is allowed, for a default or a proposal: lower case, everything else dashes; undefined when nothing is left. */
export function toImageName(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, longestName)
    .replace(/-+$/, "");
  return name === "" ? undefined : name;
}

/** The name of a service or an environment: a DNS label (RFC 1123), since it becomes part of host names and network names. */
export const labelPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
