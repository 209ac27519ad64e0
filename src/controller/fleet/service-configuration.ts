import type { infer as Infer } from "zod";
import { IngotError } from "../../ground/error.ts";
import { serviceSchema } from "../../project/service-schema.ts";
import type { Release } from "../state/releases.ts";

/** What a release says of how it runs, in the words of `services:` of ingot.yaml, defaults filled in and the environment's own values merged. */
export type ServiceConfiguration = Omit<Infer<typeof schema>, "in" | "files"> & {
  /** Contents by their paths. */
  readonly files: Readonly<Record<string, string>>;
};

const schema = serviceSchema.omit({ image: true });

/**
 * Reads a release's configuration for its environment. Values of older releases of Ingot are held to what the schema says today. Throws `configuration-unusable`.
 */
export function readConfiguration(
  release: Pick<Release, "configuration" | "environment" | "service" | "number">,
): ServiceConfiguration {
  const parsed = schema.safeParse(release.configuration);
  if (!parsed.success) throw unusable(release, parsed.error.issues[0]?.message ?? "it is malformed");
  const { in: overrides, files, ...rest } = parsed.data;
  const common = { ...rest, files: contentsOf(release, files) };
  const own = overrides[release.environment];
  if (own === undefined) return common;
  const { replicas = common.replicas, listen = common.listen, environment, secrets, limits } = own;
  return {
    ...common,
    replicas,
    ...(listen === undefined ? {} : { listen }),
    environment: { ...common.environment, ...environment },
    secrets: { ...common.secrets, ...secrets },
    limits: { ...common.limits, ...limits },
  };
}

/** A release has the content of its files in it: whoever made it had the project, the controller has not. */
function contentsOf(
  release: Pick<Release, "service" | "environment" | "number">,
  files: Infer<typeof schema>["files"],
): ServiceConfiguration["files"] {
  const contents = Object.entries(files).map(([path, from]) => {
    if (typeof from !== "string" && from.content !== undefined) return [path, from.content] as const;
    throw unusable(release, `its file ${path} came without its content`);
  });
  return Object.fromEntries(contents);
}

export function unusable(
  { service, environment, number }: Pick<Release, "service" | "environment" | "number">,
  why: string,
): IngotError {
  return new IngotError(
    "configuration-unusable",
    `release ${number} of service ${service} in ${environment} cannot run: ${why}`,
    { hint: `change services: of ingot.yaml, then: ingot deploy ${service} --to ${environment}` },
  );
}
