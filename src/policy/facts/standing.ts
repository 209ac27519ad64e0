import type { ApprovalFacts, ImageFacts } from "../policy.ts";

/** What people said about an image for one environment, and what of it counts. */
export type StandingWords = {
  /** `user:alice`: approved, and counts. In order, each once. */
  readonly approvers: readonly string[];
  readonly rejectedBy: readonly string[];
  /** Approvals for this environment that do not count, each with the reason. */
  readonly notCounted: readonly { readonly by: string; readonly reason: string }[];
};

/**
 * Whose approvals and rejections stand. An approval counts when it is a person's, for this very environment, not expired at `now` (seconds), not taken back by the same person,
 * and by neither an author nor a builder of the image. A rejection counts whoever it is by: it only makes things safer.
 */
export function findStanding(
  image: ImageFacts,
  { environment, now }: { readonly environment: string; readonly now: number },
): StandingWords {
  const words = image.approvals.filter((one) => one.environment === environment);
  const rejectedBy = distinct(
    words.filter((one) => one.verdict === "reject" && !(one.expires <= now)).map(({ by }) => by),
  );
  const own = new Set([...image.authors, ...findBuilders(image)]);
  const approvers: string[] = [];
  const notCounted = new Map<string, string>();
  for (const word of words.filter((one) => one.verdict === "approve")) {
    const reason = reasonAgainst(word, { own, rejectedBy, now });
    if (reason === undefined) approvers.push(word.by);
    else notCounted.set(word.by, reason);
  }
  const counted = distinct(approvers);
  return {
    approvers: counted,
    rejectedBy,
    notCounted: [...notCounted].filter(([by]) => !counted.includes(by)).map(([by, reason]) => ({ by, reason })),
  };
}

/** Whose keys made its signatures and provenance. */
export function findBuilders(image: ImageFacts): readonly string[] {
  return distinct(
    image.statements.filter(({ kind }) => kind === "signature" || kind === "provenance").flatMap(({ by }) => by),
  );
}

function reasonAgainst(
  { by, expires }: ApprovalFacts,
  {
    own,
    rejectedBy,
    now,
  }: { readonly own: ReadonlySet<string>; readonly rejectedBy: readonly string[]; readonly now: number },
): string | undefined {
  if (!by.startsWith("user:")) return "is no person";
  // The rule of four eyes: whoever wrote or built it would approve alone otherwise.
  if (own.has(by)) return "is author or builder of it";
  if (rejectedBy.includes(by)) return "rejected it later";
  // Also where the time is no number: it never counts then.
  if (!(expires > now)) return "approved until a time that is past";
  return undefined;
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
