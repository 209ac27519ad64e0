import { join } from "node:path";
import { runtimePaths, type RuntimePaths } from "../paths.ts";
import type { InstanceId } from "../runtime.ts";

/** As `runtimePaths`, but with folders of its own: the runc driver takes every folder among its own for an instance of its own. */
export type DockerPaths = RuntimePaths & { readonly key: string; readonly seccomp: string };

export function dockerPaths(home: string): DockerPaths {
  const paths = runtimePaths(home);
  const [bundles, instances] = [join(paths.run, "docker"), join(paths.instances, "..", "docker-instances")];
  return {
    ...paths,
    key: paths.run.split("/").at(-1) ?? "",
    seccomp: join(paths.run, "seccomp.json"),
    bundles,
    bundle: (id: InstanceId) => join(bundles, id),
    instances,
    instance: (id: InstanceId) => join(instances, id),
    state: (id: InstanceId) => join(instances, id, "state.json"),
  };
}
