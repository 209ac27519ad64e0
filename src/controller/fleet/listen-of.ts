import { IngotError } from "../../ground/error.ts";
import { parseListenAddress, type ListenAddress } from "../../ground/listen-address.ts";
import type { Release } from "../state/releases.ts";
import { readConfiguration } from "./service-configuration.ts";

/** Where a release listens; undefined: nowhere, or what it says is of another time and is nothing today. */
export function listenOf(release: Release): ListenAddress | undefined {
  try {
    const { listen } = readConfiguration(release);
    return listen === undefined ? undefined : parseListenAddress(listen);
  } catch (error) {
    if (error instanceof IngotError) return undefined;
    throw error;
  }
}
