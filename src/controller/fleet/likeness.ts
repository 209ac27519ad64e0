import { hash } from "node:crypto";
import { canonical } from "../../ledger/event-entry.ts";
import type { Release } from "../state/releases.ts";
import type { ServiceConfiguration } from "./service-configuration.ts";

/** The same for two releases whose instances could stand for each other: one image, and the same of everything that an instance is given, and of what the guard lets it do: an exception that is taken back must not hold for those that run already. How many there are and how they are replaced or checked is not in it. */
export function likenessOf(
  { image }: Pick<Release, "image">,
  { environment, files, secrets, limits, guard }: ServiceConfiguration,
): string {
  return hash("sha256", canonical({ image, environment, files, secrets, limits, guard }, "likeness"), "hex");
}
