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
      shown.map(({ digest, kinds }) => `${digest}: ${kinds.join(", ")} → ${supplyOf(digest, kinds)}`),
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
      return ["next: correct what is wrong, ingot build, and ingot push under a new tag; then the commands above"];
    case "package":
      return [
        "next, once there is a newer version: ingot lock --update && ingot build, and ingot push under a new tag; then the commands above",
      ];
    case "key":
      return [
        "next: ingot key rotate builder, then by an admin: ingot identity add-key NAME FILE=builder; what is built again with the same digest and signed with the new key counts again",
      ];
  }
}

/** `approve` takes whole digests; the others find an image of the store by its first digits. */
function supplyOf(digest: string, kinds: readonly string[]): string {
  const short = digest.slice("sha256:".length).slice(0, 12);
  const commands = kinds
    .filter((kind) => kind !== "approval")
    .map((kind) => `ingot ${verbs[kind] ?? "attest"} ${short}`);
  return [
    ...(commands.length === 0 ? [] : [[...commands, `ingot push ${short}`].join(" && ")]),
    ...(kinds.includes("approval") ? [`ingot approve ${digest} --for ENVIRONMENT`] : []),
  ].join(", ");
}

const verbs: Readonly<Record<string, string>> = { scan: "scan", tests: "test", rebuild: "rebuild" };
