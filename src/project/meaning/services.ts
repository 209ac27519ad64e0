import { nearestWord } from "../../ground/nearest-word.ts";
import type { Finding, Path } from "../finding.ts";
import { durationPattern, listenPattern, readDuration } from "../scalars.ts";
import { normaliseTarget } from "../image-path.ts";
import { checkFileEntry, explainPath } from "./targets.ts";
import { asMapping, asText, type Mapping } from "./written.ts";

/** Services run images that exist, are checked in one way, and do not take each other's address. */
export function checkServices(services: Mapping, images: Mapping, environments: Mapping): Finding[] {
  const addresses = new Map<string, string>();
  return Object.entries(services).flatMap(([name, value]): Finding[] => {
    const service = asMapping(value);
    const path = ["services", name];
    return [
      ...checkImage(service, images, path),
      ...checkListen(service, addresses, name),
      ...checkHealth(asMapping(service.health), [...path, "health"]),
      ...checkDeadlines(asMapping(service.update), [...path, "update"]),
      ...checkCanary(service, path),
      ...checkPlaces(service, path),
      ...checkEnvironments(asMapping(service.in), environments, [...path, "in"]),
      ...Object.entries(asMapping(service.in)).flatMap(([environment, own]) =>
        checkAddress(asText(asMapping(own).listen), [...path, "in", environment, "listen"]),
      ),
    ];
  });
}

/** Where none are named, they are another project's. */
function checkEnvironments(own: Mapping, environments: Mapping, path: Path): Finding[] {
  const names = Object.keys(environments);
  if (names.length === 0) return [];
  return Object.keys(own)
    .filter((name) => !names.includes(name))
    .map((name) => ({
      path: [...path, name],
      on: "key",
      expected: "an environment of environments: of this file",
      got: JSON.stringify(name),
      meant: nearestWord(name, names),
    }));
}

function checkImage(service: Mapping, images: Mapping, path: Path): Finding[] {
  const image = asText(service.image);
  if (image === undefined) return [];
  const at = { path: [...path, "image"], on: "value" } as const;
  if (!Object.hasOwn(images, image))
    return [{ ...at, expected: "an image of this file", meant: nearestWord(image, Object.keys(images)) }];
  const { base, port } = asMapping(images[image]);
  const health = asMapping(service.health);
  const needsPort = service.listen !== undefined || health.get !== undefined || health.tcp !== undefined;
  // An image that stands on another one may have its port from there.
  if (!needsPort || port !== undefined || !asText(base)?.startsWith("debian:")) return [];
  return [
    {
      ...at,
      expected: "an image with a port, since the service listens or is asked over the network",
      got: `"${image}", which has none`,
    },
  ];
}

function checkListen(service: Mapping, addresses: Map<string, string>, name: string): Finding[] {
  const listen = asText(service.listen);
  const path = ["services", name, "listen"];
  const wrong = checkAddress(listen, path);
  if (listen === undefined || !listenPattern.test(listen) || wrong.length > 0) return wrong;
  const other = addresses.get(listen);
  addresses.set(listen, name);
  if (other === undefined) return [];
  const got = `"${listen}", which is the address of ${other}`;
  return [{ path, on: "value", expected: "an address that no other service has", got }];
}

/** What the pattern lets through and no host has. */
function checkAddress(listen: string | undefined, path: Path): Finding[] {
  if (listen === undefined || !listenPattern.test(listen)) return [];
  const at = { path, on: "value" } as const;
  const port = Number(listen.slice(listen.lastIndexOf(":") + 1));
  if (port < 1 || port > 65_535) return [{ ...at, expected: "a port from 1 to 65535 after the address" }];
  const parts = listen.startsWith("[") ? [] : (listen.split(":")[0] ?? "").split(".");
  return parts.some((part) => Number(part) > 255) ? [{ ...at, expected: "an IP address" }] : [];
}

/** A canary of all instances is no canary: a bad version would be everywhere before anybody looked. */
function checkCanary(service: Mapping, path: Path): Finding[] {
  const update = asMapping(service.update);
  const { replicas } = service;
  const { canary, strategy } = update;
  if (strategy !== "canary" || typeof replicas !== "number" || typeof canary !== "number" || canary <= replicas)
    return [];
  const got = `${canary} of ${replicas}`;
  return [{ path: [...path, "update", "canary"], on: "value", expected: "at most as many as replicas", got }];
}

/** Paths that an instance can have, each once: of two things at one path one would hide the other. */
function checkPlaces(service: Mapping, path: Path): Finding[] {
  const seen = new Set<string>();
  const check = (target: string, at: Path): Finding[] => {
    const wrong = explainPath(target);
    if (wrong !== undefined) return [{ path: at, on: "key", ...wrong }];
    const name = normaliseTarget(target);
    const isTaken = seen.has(name);
    seen.add(name);
    if (!isTaken) return [];
    return [{ path: at, on: "key", expected: "each path once", got: JSON.stringify(target) }];
  };
  return [
    ...Object.entries(asMapping(service.files)).flatMap(([target, from]) => {
      const at = [...path, "files", target];
      return [...check(target, at), ...checkFileEntry(from, at)];
    }),
    ...Object.keys(asMapping(service.secrets)).flatMap((target) => check(target, [...path, "secrets", target])),
  ];
}

function checkHealth(health: Mapping, path: Path): Finding[] {
  if (Object.keys(health).length === 0) return [];
  const probes = ["get", "run", "tcp"].filter((key) => health[key] !== undefined);
  if (probes.length === 1)
    return health.tcp === false ? [{ path: [...path, "tcp"], on: "value", expected: "true" }] : [];
  if (probes.length === 0) return [{ path, on: "key", expected: "one of the keys get, run, tcp", got: "none of them" }];
  return [
    {
      path: [...path, probes[1] ?? ""],
      on: "key",
      expected: "exactly one of the keys get, run, tcp",
      got: probes.join(" and "),
    },
  ];
}

/** An instance that cannot be healthy in time would make every rollout fail. */
function checkDeadlines(update: Mapping, path: Path): Finding[] {
  const time = (key: string, fallback: string): number => {
    const written = asText(update[key]) ?? fallback;
    return durationPattern.test(written) ? readDuration(written) : Number.NaN;
  };
  const healthy = time("min_healthy_time", "2s");
  const deadline = time("healthy_deadline", "1m");
  const progress = time("progress_deadline", "5m");
  if (healthy >= deadline) {
    const key = update.healthy_deadline === undefined ? "min_healthy_time" : "healthy_deadline";
    return [{ path: [...path, key], on: "value", expected: "min_healthy_time below healthy_deadline" }];
  }
  if (deadline <= progress || Number.isNaN(deadline) || Number.isNaN(progress)) return [];
  const key = update.progress_deadline === undefined ? "healthy_deadline" : "progress_deadline";
  return [{ path: [...path, key], on: "value", expected: "healthy_deadline not above progress_deadline" }];
}
