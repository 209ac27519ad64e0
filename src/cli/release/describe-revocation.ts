import type { ReachedImage, RevocationReport } from "../../controller/verbs/revocation-report.ts";
import { describeSubject } from "../../controller/events/tell-event.ts";
import { shortDigest } from "../../oci/digest.ts";
import { listSection } from "../list-section.ts";
import { oneLine } from "./one-line.ts";
import { plural } from "./plural.ts";

/** A revocation as a tree: what is revoked, each image below the one through which it is reached, the releases that have it, and what to do for each. */
export function describeRevocation(report: RevocationReport): string {
  const { subject, reason, event, images, unknown, losing } = report;
  const name = describeSubject(subject);
  const title =
    event === undefined
      ? `${name} would be revoked: nothing was changed`
      : `${name} is revoked (#${event}): ${oneLine(reason)}`;
  const releases = images.flatMap((image) => image.releases.filter(({ isCurrent }) => isCurrent));
  const roots = images.filter(({ parent }) => parent === undefined);
  return [
    title,
    `${plural(images.length, "image")}, ${plural(releases.length, "current release")}${images.length === 0 ? ": nothing of the registry is reached by now; what comes later is held against it" : ""}`,
    ...roots.flatMap((root) => describeImage(root, { images, depth: 1 })),
    ...listSection("of these images no bill of materials says whether they have it", unknown, (shown) =>
      shown.map((digest) => `${digest} → ingot build, ingot attest`),
    ),
    ...listSection("not revoked, but what the key said of them counts no more", losing, (shown) =>
      shown.map(({ digest, kinds }) => `${digest}: ${kinds.join(", ")} → ${supplyOf(kinds)}`),
    ),
    ...describeNext(report),
  ].join("\n");
}

type Place = { readonly images: readonly ReachedImage[]; readonly depth: number };

function describeImage(image: ReachedImage, { images, depth }: Place): readonly string[] {
  const margin = "  ".repeat(depth);
  const [name = image.digest, ...more] = image.names;
  const also = more.length === 0 ? "" : ` (also ${more.join(", ")})`;
  const digest = name.includes("@") ? "" : `  ${shortDigest(image.digest)}`;
  const children = images.filter(({ parent }) => parent === image.digest);
  return [
    `${margin}${name}${also}${digest}: ${oneLine(image.how)}`,
    ...image.releases.map((release) => `${margin}  ${describeUse(release)}`),
    ...children.flatMap((child) => describeImage(child, { images, depth: depth + 1 })),
  ];
}

function describeUse({ environment, service, number, isCurrent }: ReachedImage["releases"][number]): string {
  const name = `release ${number} of ${service} in ${environment}`;
  return isCurrent
    ? `${name}, CURRENT → ingot deploy ${service} --to ${environment}, or ingot rollback ${service} --in ${environment}`
    : `${name}, former`;
}

/** A rebuild first: there is nothing good to deploy before. */
function describeNext({ subject, images }: RevocationReport): readonly string[] {
  if (images.length === 0) return [];
  switch (subject.kind) {
    case "image":
      return ["next: correct what is wrong, ingot build, ingot push; then the commands above"];
    case "package":
      return ["next: ingot lock && ingot build && ingot push, on a newer version; then the commands above"];
    case "key":
      return [
        "next: ingot key rotate builder, ingot identity add NAME --key builder=FILE, and sign again what you rebuilt: a rebuild with the same digest counts again",
      ];
  }
}

const supplies: Readonly<Record<string, string>> = {
  scan: "ingot scan IMAGE",
  tests: "ingot test IMAGE",
  approval: "ingot approve IMAGE --for ENVIRONMENT",
  rebuild: "ingot rebuild IMAGE",
};

function supplyOf(kinds: readonly string[]): string {
  return kinds.map((kind) => supplies[kind] ?? "ingot attest IMAGE").join(", ");
}
