import type { Drift, DriftRule, GuardStatus } from "../guard.ts";

/** Milliseconds. `window`: in which so many instances of a service may be frozen. `span`: in which the same drift on several instances opens the breaker. `rest`: how long it stays open. */
export const breakerTimes = { window: 60_000, span: 600_000, rest: 600_000 } as const;

/**
 * What a rule rests on. `certain`: nothing that a program of the image does by itself looks like it. `ambiguous`: an unusual program may; such a rule alone never takes the last instance that serves.
 * `told`: it is about the guard or the host, and stopping an instance would not help.
 */
export const certainty = {
  "foreign-executable": "certain",
  "memfd-executable": "certain",
  "deleted-executable": "certain",
  "renamed-executable": "ambiguous",
  "foreign-mapping": "ambiguous",
  "dropped-program": "ambiguous",
  "foreign-script": "ambiguous",
  "entered-from-host": "certain",
  "mount-changed": "certain",
  "hardening-changed": "ambiguous",
  "capability-regained": "certain",
  "namespace-changed": "certain",
  "content-changed": "ambiguous",
  "sensor-blind": "told",
} as const satisfies Record<DriftRule, "certain" | "ambiguous" | "told">;

/**
 * So many distinct instances of a release may show the same drift (rule and subject) within the span before it is taken for the image's own behaviour or a mistake of the rule. More for certain rules: an
 * attacker who has come into several instances must not open the breaker by using the same name everywhere.
 */
export const mostAlike = { certain: 6, ambiguous: 3 } as const;

/** What was found, as far as it matters here. */
export type BreakerQuestion = {
  readonly environment: string;
  readonly service: string;
  readonly release: number;
  readonly instance: string;
  readonly rule: DriftRule;
  readonly subject: string;
  /** Instances of the service that are watched now, with this one; those of them that are frozen. */
  readonly instances: number;
  readonly frozen: number;
};

/** Decides what may be frozen. It has no clock and no effects of its own: `now` is milliseconds of a clock that does not go back. */
export type Breaker = {
  /** `freeze` is counted as done. */
  readonly ask: (question: BreakerQuestion, now: number) => "freeze" | Exclude<Drift["response"], "frozen" | "gone">;
  readonly status: (now: number) => GuardStatus["breaker"];
  readonly reset: (of: ServiceName) => void;
};

export type ServiceName = { readonly environment: string; readonly service: string };

/** Attack: a program that drops files of a million names, each of which would be remembered. The oldest is forgotten. */
const mostKinds = 1024;

type Service = {
  readonly name: ServiceName;
  /** When instances were frozen, within the window. */
  freezes: readonly number[];
  /** By release, rule and subject: when each instance last showed it. */
  readonly alike: Map<string, Map<string, number>>;
  /** By the same: until when it is only observed. */
  readonly open: Map<string, number>;
};

export function openBreaker(): Breaker {
  const services = new Map<string, Service>();
  const serviceOf = ({ environment, service }: ServiceName): Service => {
    const key = JSON.stringify([environment, service]);
    const known = services.get(key);
    if (known !== undefined) return known;
    const made: Service = { name: { environment, service }, freezes: [], alike: new Map(), open: new Map() };
    services.set(key, made);
    return made;
  };
  return {
    ask: (question, now) => decide(serviceOf(question), question, now),
    status: (now) => [...services.values()].map((service) => describe(service, now)),
    reset: (of) => {
      services.delete(JSON.stringify([of.environment, of.service]));
    },
  };
}

function decide(service: Service, question: BreakerQuestion, now: number): ReturnType<Breaker["ask"]> {
  const sure = certainty[question.rule];
  if (sure === "told") return "observed";
  if (isOpen(service, question, { now, most: mostAlike[sure] })) return "breaker-open";
  const serving = question.instances - question.frozen - 1;
  if (sure === "ambiguous" && serving < 1) return "rate-limited";
  // Those that were replaced meanwhile serve again: what counts is how many are missing at once.
  if (question.frozen >= mostFrozen(question.instances)) return "rate-limited";
  service.freezes = service.freezes.filter((at) => now - at < breakerTimes.window);
  if (service.freezes.length >= mostInWindow[sure] * question.instances) return "rate-limited";
  service.freezes = [...service.freezes, now];
  return "freeze";
}

/** How often each instance of a service may be frozen within the window, on the average: a service that is replaced all the time serves badly, and whoever drops files of a new name each time opens no breaker. */
export const mostInWindow = { certain: 3, ambiguous: 1 } as const;

/** Instances of a service that may be frozen at once: half of them, so that the others still serve should all of it be a mistake. */
export function mostFrozen(instances: number): number {
  return Math.max(1, Math.floor(instances / 2));
}

/** Notes the drift, and opens the breaker for its kind when too many instances show it. */
function isOpen(
  { alike, open }: Service,
  { release, rule, subject, instance }: BreakerQuestion,
  { now, most }: { readonly now: number; readonly most: number },
): boolean {
  const kind = JSON.stringify([release, rule, subject]);
  const until = open.get(kind);
  if (until !== undefined && now < until) return true;
  // It closes by time: what was seen before counts no more.
  if (until !== undefined) {
    open.delete(kind);
    alike.delete(kind);
  }
  const seen = alike.get(kind) ?? new Map<string, number>();
  seen.set(instance, now);
  for (const [one, at] of seen) if (now - at >= breakerTimes.span) seen.delete(one);
  // The kind that was seen last is the last to be forgotten.
  alike.delete(kind);
  alike.set(kind, seen);
  if (alike.size > mostKinds) alike.delete(alike.keys().next().value ?? "");
  if (seen.size <= most) return false;
  open.set(kind, now + breakerTimes.rest);
  alike.delete(kind);
  return true;
}

function describe({ name, open }: Service, now: number): GuardStatus["breaker"][number] {
  const until = Math.max(0, ...[...open.values()].filter((end) => now < end));
  return until === 0 ? { ...name, state: "closed" } : { ...name, state: "open", until };
}
