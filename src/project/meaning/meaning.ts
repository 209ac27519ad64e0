import type { Finding } from "../finding.ts";
import { checkBases } from "./bases.ts";
import { checkPackages } from "./packages.ts";
import { checkServices } from "./services.ts";
import { checkTargets } from "./targets.ts";
import { checkTests } from "./tests.ts";
import { asMapping } from "./written.ts";

/** Everything that a schema cannot say, and that needs nothing but the text. Takes data of any shape. */
export function checkMeaning(data: unknown): readonly Finding[] {
  const project = asMapping(data);
  const images = asMapping(project.images);
  return [
    ...checkCount(project.images),
    ...checkBases(images),
    ...Object.entries(images).flatMap(([name, image]) => {
      const path = ["images", name];
      return [
        ...checkPackages(asMapping(image), path),
        ...checkTargets(asMapping(image), path),
        ...checkTests(asMapping(image), path),
      ];
    }),
    ...checkServices(asMapping(project.services), images, asMapping(project.environments)),
  ];
}

function checkCount(images: unknown): Finding[] {
  const isEmpty = images !== null && asMapping(images) === images && Object.keys(images).length === 0;
  return isEmpty ? [{ path: ["images"], on: "key", expected: "at least one image", got: "none" }] : [];
}
