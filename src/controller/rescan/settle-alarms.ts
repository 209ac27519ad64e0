import type { ServiceKey } from "../../fleet/fleet.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Controller } from "../controller.ts";
import { clearAlarm, raiseAlarm } from "../fleet/raise-alarm.ts";
import type { RunningImage } from "./list-running.ts";
import type { Rescanned } from "./rescan-image.ts";

/** `rescanned` is absent where the scan failed: what it would have said is not known, and an alarm that stands goes on. */
export type RescannedImage = { readonly running: RunningImage; readonly rescanned?: Rescanned };

const alarm = "rescan-incomplete";

/** A service of which an image was scanned with gaps has an alarm that says so, and one of which all were scanned whole has none. */
export async function settleAlarms({ ledger }: Controller, images: readonly RescannedImage[]): Promise<void> {
  // Most often there is nothing to be written.
  if (eventsFor(ledger.state, images).length === 0) return;
  await ledger.transact((state) => ({ events: eventsFor(state, images), result: undefined }));
}

function eventsFor(state: Database, images: readonly RescannedImage[]): readonly NewEvent[] {
  const keys = images.flatMap(({ running }) => running.services);
  const services = [...new Map(keys.map((key) => [nameOf(key), key])).values()];
  return services.flatMap((key) => {
    const own = images.filter(({ running }) => running.services.some((one) => nameOf(one) === nameOf(key)));
    const [gap] = own.flatMap(gapOf);
    if (gap !== undefined) return raiseAlarm(state, { ...key, alarm, message: gap });
    return own.every(({ rescanned }) => rescanned !== undefined) ? clearAlarm(state, { ...key, alarm }) : [];
  });
}

function gapOf({ running, rescanned }: RescannedImage): readonly string[] {
  if (rescanned?.kind !== "incomplete") return [];
  return [
    `${running.repository} ${shortDigest(running.image)} was scanned anew and the scan says nothing: ${rescanned.gap}`,
  ];
}

function nameOf({ environment, service }: ServiceKey): string {
  return `${environment}/${service}`;
}
