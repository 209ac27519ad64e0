import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { processContext, type Context } from "../../src/ground/context.ts";
import type { CastPackage, CastPlan, CastStage, CastStageResult } from "../../src/image/cast-plan.ts";
import { castStages } from "../../src/image/cast.ts";
import { openLayout } from "../../src/oci/layout.ts";

export const testEpoch = 1_700_000_000;

export type PackagesStage = Extract<CastStage, { kind: "packages" }>;

export function packagesStage(name: string, packages: readonly CastPackage[]): PackagesStage {
  return {
    kind: "packages",
    name,
    epoch: testEpoch,
    packages,
    layers: [...new Set(packages.map(({ layer }) => layer))].toSorted(),
  };
}

/** Casts stages with a home of their own. */
export async function castSet(
  home: string,
  stages: readonly CastStage[],
  options: Partial<CastPlan> & { context?: Partial<Context> } = {},
): Promise<readonly CastStageResult[]> {
  const { context, ...plan } = options;
  mkdirSync(home, { recursive: true });
  const store = join(home, "store");
  openLayout(store);
  const ctx = processContext({ home, ...context });
  return await castStages(ctx, {
    architecture: "amd64",
    compression: "gzip",
    store,
    useCache: true,
    below: [],
    stages,
    ...plan,
  });
}
