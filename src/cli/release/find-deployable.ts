import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { nearestWord } from "../../ground/nearest-word.ts";
import type { Project, ServiceDefinition } from "../../project/definition.ts";
import { namesRegistry, parseReference } from "../../oci/reference.ts";
import { embedFiles } from "./embed-files.ts";
import { openLocalImage, type OpenedImage } from "../open-image.ts";
import { inProjectIfAny, openProject, type ProjectOptions } from "../open-project.ts";

/** What is to be deployed, as the API takes it. `local`: the name that the image has in this store, where it is from there. */
export type Deployable = {
  readonly image: string;
  readonly configuration?: ServiceDefinition["written"];
  readonly local?: string;
};

type Wanted = {
  readonly service: string;
  readonly image?: string;
  readonly controller: string;
  readonly environment: string;
};

/**
 * The image and the configuration of a service. Without `--image` it is the one that the project builds for the service; with it there need be no project, and the service keeps its
 * configuration. Throws `definition-missing`, `service-unknown`, `reference-unknown`, `usage` for an image of another registry.
 */
export async function findDeployable(ctx: Context, wanted: Wanted, options: ProjectOptions): Promise<Deployable> {
  const { image } = wanted;
  const read = async (): Promise<Project> => (await openProject(ctx, options)).project;
  const project = image === undefined ? await orOfController(read, wanted) : await inProjectIfAny(options, read);
  const service = project === undefined ? undefined : findService(project, wanted);
  const configuration = service === undefined ? {} : { configuration: embedFiles(service) };
  if (service !== undefined && (image === undefined || project?.images.has(image) === true)) {
    const open = (): Promise<OpenedImage> => openLocalImage(ctx, image ?? service.image, options);
    const opened = await (image === undefined ? orOfController(open, wanted) : open());
    return { image: opened.image.digest, local: opened.name, ...configuration };
  }
  return { image: assertOfController(image ?? "", wanted.controller), ...configuration };
}

/** Who deploys need not be who builds: where neither the project nor its image is here, the controller's registry has what CI pushed. */
async function orOfController<T>(work: () => Promise<T>, { service, environment }: Wanted): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof IngotError) || !["reference-unknown", "definition-missing"].includes(error.code))
      throw error;
    throw new IngotError(error.code, error.message, {
      hint: `to deploy what is in the controller's registry: ingot deploy ${service} --to ${environment} --image NAME:TAG`,
      cause: error,
    });
  }
}

function findService({ services, path }: Project, { service, image }: Wanted): ServiceDefinition | undefined {
  const found = services.get(service);
  // With an image of its own a service of another project may be meant.
  if (found !== undefined || image !== undefined) return found;
  const near = nearestWord(service, [...services.keys()]);
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  throw new IngotError("service-unknown", `${path} has no service ${JSON.stringify(service)}${meant}`, {
    hint: "name it in services: of ingot.yaml, with the image that it runs",
  });
}

/** Attack: a digest that is known here by the name of another registry's image. */
function assertOfController(text: string, controller: string): string {
  const { host } = new URL(controller);
  if (!namesRegistry(text)) return text;
  const { registry } = parseReference(text);
  if (registry === host) return text;
  throw new IngotError(
    "usage",
    `the controller deploys images of its own registry ${host}, and ${text} is of ${registry}`,
    {
      hint: `ingot copy ${text} ${host}/NAME:TAG`,
    },
  );
}
