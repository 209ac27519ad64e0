import { nearestWord } from "../../ground/nearest-word.ts";
import type { Finding } from "../finding.ts";
import { referencePattern, suitePattern } from "../scalars.ts";
import { asMapping, asText, type Mapping } from "./written.ts";

const forms = "debian:SUITE, image:NAME or oci:REGISTRY/NAME:TAG";

/** The base of every image is of a known form, and images do not stand on each other in a circle. */
export function checkBases(images: Mapping): Finding[] {
  return Object.entries(images).flatMap(([name, image]) => {
    const base = asText(asMapping(image).base);
    return base === undefined ? [] : checkBase(name, base, images);
  });
}

function checkBase(image: string, base: string, images: Mapping): Finding[] {
  const path = ["images", image, "base"];
  const separator = base.indexOf(":");
  const [kind, rest] = separator < 0 ? ["", base] : [base.slice(0, separator), base.slice(separator + 1)];
  switch (kind) {
    case "debian":
      return suitePattern.test(rest) ? [] : [{ path, on: "value", expected: "a Debian suite such as debian:bookworm" }];
    case "oci":
      return referencePattern.test(rest)
        ? []
        : [
            {
              path,
              on: "value",
              expected: "oci:REGISTRY/NAME:TAG or oci:REGISTRY/NAME@sha256:…, with the registry's host",
            },
          ];
    case "image":
      return checkImageBase(image, rest, images);
    default: {
      const near = separator < 0 ? "debian" : nearestWord(kind, ["debian", "image", "oci"]);
      return [{ path, on: "value", expected: forms, meant: near === undefined ? undefined : `${near}:${rest}` }];
    }
  }
}

function checkImageBase(image: string, base: string, images: Mapping): Finding[] {
  const path = ["images", image, "base"];
  if (!Object.hasOwn(images, base)) {
    const others = Object.keys(images).filter((name) => name !== image);
    const near = nearestWord(base, others);
    return [
      { path, on: "value", expected: "an image of this file", meant: near === undefined ? undefined : `image:${near}` },
    ];
  }
  const chain = followBases(image, images);
  if (chain.at(-1) !== image) return [];
  return [
    {
      path,
      on: "value",
      expected: "a base that does not stand on this image itself",
      got: `a circle: ${chain.join(" → ")}`,
    },
  ];
}

/** The images from `image` down, until one that stands on no image, or that was passed already. */
function followBases(image: string, images: Mapping): string[] {
  const chain = [image];
  for (;;) {
    const base = asText(asMapping(images[chain.at(-1) ?? ""]).base) ?? "";
    const next = base.startsWith("image:") ? base.slice("image:".length) : undefined;
    if (next === undefined || !Object.hasOwn(images, next)) return chain;
    const isCircle = chain.includes(next);
    chain.push(next);
    if (isCircle) return chain;
  }
}
