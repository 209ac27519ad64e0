import type { TestContext } from "node:test";
import { file, dpkg } from "../../evidence/inventory/inventory.fixture.ts";
import { makeScanPredicate } from "../../evidence/scan/scan-predicate.ts";
import { makeSource } from "../../evidence/scan/scan.fixture.ts";
import type { Finding } from "../../evidence/scan/finding.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import { makeEvent } from "../events/events.ts";
import { openDoor, pushedImage, repository, sign, type Door } from "../statements/door.fixture.ts";
import { usual } from "../verbs/releases.fixture.ts";

export const key = { environment: "staging", service: "web" } as const;

export type RunningWorld = Door & {
  /** An image of one Debian package, with everything that the shipped policy asks of one, released and rolled out; the number of the release. */
  readonly run: (of: { readonly name: string; readonly codename?: string }) => Promise<Descriptor>;
  /** What CI says a scan found, an hour ago. */
  readonly scan: (image: Descriptor, findings?: readonly Finding[]) => Promise<void>;
};

export async function openRunningWorld(t: TestContext): Promise<RunningWorld> {
  const door = await openDoor(t);
  let number = 0;
  const scan: RunningWorld["scan"] = async (image, findings = []) => {
    const result = {
      image: image.digest,
      scanned: "2026-11-21T11:00:00.000Z",
      sources: [makeSource("debian-tracker")],
      packages: { deb: 1, npm: 0, pypi: 0, golang: 0 },
      gaps: [],
      findings,
      notes: [],
    };
    const started = new Date("2026-11-21T11:00:00Z");
    const predicate = makeScanPredicate(result, { started, finished: started, version: "0", eventId: image.digest });
    await door.push(await sign(door.keys.scanner, "scan", { image, predicate }), { image });
  };
  const run: RunningWorld["run"] = async ({ name, codename = "sid" }) => {
    const os = file("etc/os-release", `PRETTY_NAME="Debian ${codename}"\nID=debian\nVERSION_CODENAME=${codename}\n`);
    const packages = dpkg({ name, fields: "Version: 1.0-1" });
    const image = putTinyImage(door.controller.store, { layers: [[os, ...packages]] });
    await door.record(pushedImage(image, "workload:ci"));
    await prove(door, image);
    await scan(image);
    await release(door, image, (number += 1));
    return image;
  };
  return { ...door, run, scan };
}

async function prove(door: Door, image: Descriptor): Promise<void> {
  const { builder, tester } = door.keys;
  const tests = { result: "PASSED", finishedOn: "2026-11-21T11:00:00Z", failedTests: [] };
  for (const bundle of [
    await sign(builder, "signature", { image, predicate: {} }),
    await sign(builder, "provenance", { image, predicate: {} }),
    await sign(builder, "cyclonedx", { image, predicate: { components: [] } }),
    await sign(tester, "tests", { image, predicate: tests }),
  ])
    await door.push(bundle, { image });
}

async function release(door: Door, { digest: image }: Descriptor, number: number): Promise<void> {
  const created = {
    ...key,
    number,
    repository,
    image,
    configuration: usual,
    decision: 0,
    reason: "",
  };
  const from = number === 1 ? {} : { from: number - 1 };
  const began = { ...key, release: number, image, kind: "deploy", strategy: "rolling", ...from } as const;
  const events = await door.record(
    makeEvent("user:dora", "release.created", created),
    makeEvent("system:controller", "rollout.created", began),
  );
  const rollout = events.at(-1)?.index ?? -1;
  await door.record(
    makeEvent("system:controller", "rollout.succeeded", { ...key, rollout, release: number, milliseconds: 1 }),
  );
}

/** A tracker that knows one vulnerability in `openssl` of sid. */
export const tracker = {
  openssl: {
    "CVE-2024-0001": {
      description: "A buffer overflow.",
      releases: {
        sid: { status: "resolved", repositories: { sid: "1.0-1" }, fixed_version: "2.0-1", urgency: "low" },
      },
    },
  },
  zlib: { "CVE-2024-0002": { releases: { sid: { status: "resolved", fixed_version: "0", urgency: "low" } } } },
};
