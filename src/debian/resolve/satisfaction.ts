import type { Package, Relation } from "../package.ts";
import { satisfiesVersion } from "./version.ts";

/** Whether the package fulfils the relation, as itself or by a provision. Debian Policy 7.5: an unversioned provision fulfils no versioned relation. */
export function satisfiesRelation(candidate: Package, relation: Relation, architecture: string): boolean {
  if (!fitsQualifier(candidate, relation.qualifier, architecture)) return false;
  return isNamed(candidate, relation) || isProvided(candidate, relation);
}

/** Whether the package fulfils the relation by its own name. */
function isNamed(candidate: Package, relation: Relation): boolean {
  return candidate.name === relation.name && fitsVersion(candidate.version, relation);
}

function isProvided(candidate: Package, relation: Relation): boolean {
  return candidate.provides.some(({ name, version }) => name === relation.name && fitsVersion(version, relation));
}

function fitsVersion(version: string | undefined, { operator, version: wanted }: Relation): boolean {
  if (operator === undefined || wanted === undefined) return true;
  return version !== undefined && satisfiesVersion(version, operator, wanted);
}

/** `:any` asks for a package that says it serves all architectures so (Multi-Arch: allowed); other architectures are never installed. */
function fitsQualifier(candidate: Package, qualifier: string | undefined, architecture: string): boolean {
  if (qualifier === undefined || qualifier === "native" || qualifier === architecture) return true;
  return qualifier === "any" && candidate.multiArch === "allowed";
}
