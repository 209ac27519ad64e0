import { roles, type Role, type TrustedKey } from "../evidence/evidence.ts";
import { parseKeyOption, readTrust, type Trust } from "../evidence/keys/trust.ts";
import type { Context } from "../ground/context.ts";
import type { Project } from "../project/definition.ts";
import { assertNotPlanted } from "./assert-not-planted.ts";
import { inProjectIfAny, locateProject, openProject, type ProjectOptions } from "./open-project.ts";

/** The option of every command that asks whose word counts. Given again for each key: a list would swallow the image that is named after it. */
export const keyOption = [
  "--key <file>",
  "trust this public key too, for every role; FILE=ROLE: for that role; may be repeated",
  (value: string, former: readonly string[] = []): readonly string[] => [...former, value],
] as const;

export type TrustOptions = ProjectOptions & { readonly key?: readonly string[] };

/**
 * Whose word counts here, and for which roles somebody said so: by `trust:` of the project, or by `--key FILE=ROLE`. `hasBareKey`: a `--key FILE` says no
 * role.
 */
export type ProjectTrust = {
  readonly keys: readonly TrustedKey[];
  readonly roles: ReadonlySet<Role>;
  readonly hasBareKey: boolean;
};

/** The keys of the project that a person stands in, and those of `--key`; outside of a project only these. */
export async function readProjectTrust(ctx: Context, { key = [], file }: TrustOptions): Promise<ProjectTrust> {
  const trust = await findTrust(ctx, file === undefined ? {} : { file });
  const ofProject = roles.filter((role) => (trust[role] ?? []).length > 0);
  const ofOptions = key.map((text) => parseKeyOption(text).role);
  return {
    keys: readTrust(ctx, trust, key),
    roles: new Set([...ofProject, ...ofOptions.filter((role) => role !== undefined)]),
    hasBareKey: ofOptions.includes(undefined),
  };
}

/** `trust:` of the project that a person stands in, or that was named; nothing outside of one. */
export async function findTrust(ctx: Context, options: ProjectOptions): Promise<Trust> {
  return (await findTrustedProject(ctx, options))?.trust ?? {};
}

/** The project whose word counts here: the one that a person stands in, unless another user put it there, or the one that was named. Throws `trust-exposed`. */
export function findTrustedProject(ctx: Context, options: ProjectOptions): Promise<Project | undefined> {
  return inProjectIfAny(options, async () => {
    if (options.file === undefined) assertNotPlanted(ctx, locateProject(ctx, options).path);
    return (await openProject(ctx, options)).project;
  });
}
