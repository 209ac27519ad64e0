import type { ImageFacts } from "../../policy/policy.ts";
import { oneLine } from "../release/one-line.ts";

/** Whose image it is, and whose it may be without anybody knowing: who wrote it under an address that is not registered is not kept from approving it. */
export function describeMakers({ authors, strangers = [] }: ImageFacts): readonly string[] {
  return [
    `made by ${authors.join(", ") || "nobody who is known"}`,
    ...strangers.map(
      (address) =>
        `its commit names ${oneLine(address)}, with which nobody is registered: see ingot identity change --email`,
    ),
  ];
}
