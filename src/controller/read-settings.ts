import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type * as YamlModule from "yaml";
import { z } from "zod";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { nearestWord } from "../ground/nearest-word.ts";
import { isLoopbackAddress, parseListenAddress, urlHost } from "../ground/listen-address.ts";
import { principalRoles } from "../policy/policy.ts";
import { fleetSettings, readRuntime, readSecrets } from "./fleet-settings.ts";
import { readRescan, rescanSetting } from "./rescan/rescan-setting.ts";
import type { Settings } from "./settings.ts";

/** What `ingot serve` was given on the command line; it goes before the file. */
export type SettingOptions = {
  /** Path; by default `controller.yaml` of the home, where there is one. */
  readonly config?: string;
  /** `ADDRESS:PORT`. */
  readonly listen?: string;
  readonly baseUrl?: string;
  readonly runtime?: string;
  /** False: what runs is not scanned anew, whatever the file says. */
  readonly rescan?: boolean;
};

/** Reads the settings, all of them optional. Throws `settings-malformed` with every mistake and its place, `tls-required`. */
export function readSettings(ctx: Pick<Context, "cwd" | "home">, options: SettingOptions = {}): Settings {
  const written = readFile(ctx, options.config);
  const { host, port } = readListen(options.listen ?? written.listen);
  const scheme = written.tls === undefined ? "http" : "https";
  const baseUrl = (options.baseUrl ?? written.base_url ?? `${scheme}://${urlHost(host)}:${port}`).replace(/\/+$/, "");
  assertUrl(baseUrl, "base_url");
  if (written.tls === undefined && !isLoopbackAddress(host)) throw tlsRequired(host);
  const { tls } = written;
  return {
    baseUrl,
    listen: { host, port },
    ...(tls === undefined
      ? {}
      : { tls: { certificate: resolve(ctx.cwd, tls.certificate), key: resolve(ctx.cwd, tls.key) } }),
    issuers: written.issuers,
    witnesses: written.witnesses,
    mutableTags: written.mutable_tags,
    limits: written.limits,
    ...readRuntime(options.runtime ?? written.runtime),
    ...readRescan(written.rescan, { isWanted: options.rescan !== false }),
    secrets: readSecrets(ctx, written.secrets),
    webhooks: written.webhooks.map(({ name, url, events, secret_file }) => ({
      name,
      url,
      events,
      secretFile: resolve(ctx.cwd, secret_file),
    })),
  };
}

const gib = 1 << 30;

const rule = z.strictObject({
  claim: z.string(),
  value: z.string(),
  group: z.string().exactOptional(),
  roles: z.array(z.enum(principalRoles)).default([]),
});

const settingsSchema = z.strictObject({
  listen: z.string().default("127.0.0.1:8700"),
  base_url: z.url().exactOptional(),
  tls: z.strictObject({ certificate: z.string(), key: z.string() }).exactOptional(),
  issuers: z
    .array(
      z.strictObject({
        url: z.url(),
        audience: z.string(),
        kind: z.enum(["user", "workload"]).default("workload"),
        name: z.string().default("sub"),
        rules: z.array(rule).default([]),
      }),
    )
    .default([]),
  witnesses: z
    .strictObject({
      required: z.int().min(0).default(0),
      known: z.array(z.strictObject({ url: z.url(), key: z.string() })).default([]),
    })
    .default({ required: 0, known: [] })
    .refine(({ required, known }) => required <= known.length, "more witnesses are required than are known"),
  mutable_tags: z.array(z.string()).default([]),
  ...fleetSettings,
  rescan: rescanSetting,
  webhooks: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/),
        url: z.url({ protocol: /^https?$/ }),
        events: z.array(z.string()).default([]),
        secret_file: z.string(),
      }),
    )
    .default([])
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "each webhook has a name of its own"),
  limits: z
    .strictObject({
      blob: z
        .int()
        .min(1)
        .default(8 * gib),
      manifest: z
        .int()
        .min(1024)
        .default(4 << 20),
      body: z
        .int()
        .min(1024)
        .default(4 << 20),
    })
    .prefault({}),
});

type Written = z.infer<typeof settingsSchema>;

function readFile(ctx: Pick<Context, "cwd" | "home">, config: string | undefined): Written {
  const path = config === undefined ? join(ctx.home, "controller.yaml") : resolve(ctx.cwd, config);
  if (!existsSync(path)) {
    if (config === undefined) return settingsSchema.parse({});
    throw new IngotError("settings-malformed", `there is no file ${path}`, { hint: "ingot serve --help" });
  }
  return parseFile(readFileSync(path, "utf8"), path);
}

function parseFile(text: string, path: string): Written {
  // Most starts have no file to read: YAML is eight megabytes that they do without.
  const { LineCounter, parseDocument } = createRequire(import.meta.url)("yaml") as typeof YamlModule;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors.map(({ message }) => `${path}: ${message.split("\n", 1)[0]}`);
  if (broken.length > 0) throw malformed(broken);
  const parsed = settingsSchema.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  throw malformed(
    parsed.error.issues.flatMap((issue) =>
      mistakesOf(issue).map(({ at, message }) => `${path}:${placeOf(document, lines, at)} ${message}`),
    ),
  );
}

type Mistake = { readonly at: readonly PropertyKey[]; readonly message: string };

/** A name that is no setting is most often one that was written wrongly. */
function mistakesOf(issue: z.core.$ZodIssue): readonly Mistake[] {
  const { path: at, message } = issue;
  if (issue.code !== "unrecognized_keys") return [{ at, message: `${at.join(".") || "the settings"}: ${message}` }];
  return issue.keys.map((key) => {
    const near = nearestWord(key, settingNames);
    const meant = near === undefined ? "" : `; did you mean ${near}?`;
    return { at: [...at, key], message: `there is no setting ${[...at, key].join(".")}${meant}` };
  });
}

/** Of all levels. */
const settingNames: readonly string[] = Object.keys(settingsSchema.shape).concat(
  ["certificate", "key", "url", "audience", "kind", "name", "rules", "claim", "value", "group", "roles"],
  ["required", "known", "blob", "manifest", "body", "events", "secret_file", "every"],
);

/** Line and column of a value, or of what holds it. */
function placeOf(document: YamlModule.Document, lines: YamlModule.LineCounter, at: readonly PropertyKey[]): string {
  for (let depth = at.length; depth >= 0; depth -= 1) {
    const node: unknown = document.getIn(at.slice(0, depth), true);
    const range = rangeSchema.safeParse(node);
    if (!range.success) continue;
    const { line, col } = lines.linePos(range.data.range[0]);
    return `${line}:${col}:`;
  }
  return "1:1:";
}

const rangeSchema = z.object({ range: z.tuple([z.number()], z.number()) });

function malformed(mistakes: readonly string[]): IngotError {
  return new IngotError("settings-malformed", mistakes[0] ?? "", {
    details: mistakes.slice(1),
    hint: "docs/controller.md has every setting",
  });
}

/** Never port 0: tokens are for an address, which must be known before it listens and be the same after the next start. */
function readListen(text: string): Settings["listen"] {
  const address = parseListenAddress(text);
  if (address.port > 0) return address;
  throw new IngotError("settings-malformed", `expected a port from 1 to 65535 to listen on, got ${text}`, {
    hint: "such as 127.0.0.1:8700, or [::1]:8700",
  });
}

function assertUrl(text: string, what: string): void {
  const url = URL.parse(text);
  if (url !== null && ["http:", "https:"].includes(url.protocol) && url.pathname === "/" && url.search === "") return;
  throw new IngotError("settings-malformed", `expected ${what} to be an http(s) URL without a path, got ${text}`);
}

function tlsRequired(host: string): IngotError {
  return new IngotError("tls-required", `without TLS the controller listens on loopback only, not on ${host}`, {
    hint: "set tls: {certificate: FILE, key: FILE} in controller.yaml, or put a proxy with TLS before 127.0.0.1",
  });
}
