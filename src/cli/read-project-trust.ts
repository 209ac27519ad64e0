import { lstatSync, statSync } from "node:fs";
import { roles, type Role, type TrustedKey } from "../evidence/evidence.ts";
import { parseKeyOption, readTrust, type Trust } from "../evidence/keys/trust.ts";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { locateProject, openProject, type ProjectOptions } from "./open-project.ts";

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

async function findTrust(ctx: Context, options: ProjectOptions): Promise<Trust> {
  try {
    const { path } = locateProject(ctx, options);
    if (options.file === undefined) assertNotPlanted(ctx, path);
    return (await openProject(ctx, options)).project.trust;
  } catch (error) {
    // A definition that was named must be there.
    if (error instanceof IngotError && error.code === "definition-missing" && options.file === undefined) return {};
    throw error;
  }
}

/**
 * Attack: another user of this host puts an ingot.yaml with keys of his own where others work, such as into /tmp, and the nearest one upwards counts. One that
 * lies in a folder of the same owner as the folder that the person stands in was chosen by standing there.
 */
function assertNotPlanted({ cwd }: Context, path: string): void {
  const { uid, mode } = statSync(path);
  const owners = [0, process.getuid?.() ?? 0, statSync(cwd).uid];
  // A link too: the paths of keys are below the folder that it lies in, not below the one that it leads to.
  const stranger = [uid, lstatSync(path).uid].find((owner) => !owners.includes(owner));
  if (stranger === undefined && (mode & 0o002) === 0) return;
  const why = stranger === undefined ? "every user of this host may write it" : `it belongs to user ${stranger}`;
  throw new IngotError("trust-exposed", `${path} says whose word counts, and ${why}`, {
    hint: `where that is right, name it: --file ${path}`,
  });
}
