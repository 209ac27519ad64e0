import type { PrincipalRole } from "../policy/policy.ts";

/** How a controller is set up: what a person writes in `controller.yaml` or as options of `ingot serve`, checked. */
export type Settings = {
  /** Where clients find it, without a slash at the end: `https://ingot.example`. The audience of its tokens. */
  readonly baseUrl: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Paths of PEM files. Without it the server listens on loopback only. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly issuers: readonly IssuerSettings[];
  readonly witnesses: {
    readonly required: number;
    /** `key`: the vkey of C2SP signed-note. */
    readonly known: readonly { readonly url: string; readonly key: string }[];
  };
  /** Whether a tag may be moved to another image, as patterns of repositories for which it may. */
  readonly mutableTags: readonly string[];
  readonly limits: Limits;
  /** What starts instances; `none`: this controller keeps the record alone. Absent: runc where it can run, else none. */
  readonly runtime?: RuntimeChoice;
  /** By environment and name, where the secrets are that services may be given. They are named in releases; where they are is the admin's alone to say. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, SecretSource>>>>;
  /** How often what runs is scanned anew, in milliseconds. Absent: never. */
  readonly rescan?: { readonly every: number };
  /** Who is told of events. */
  readonly webhooks: readonly WebhookSettings[];
};

export const runtimeChoices = ["runc", "docker", "podman", "none"] as const;
export type RuntimeChoice = (typeof runtimeChoices)[number];

/** `file`: an absolute path. `command`: a program that prints it, and its arguments. */
export type SecretSource = { readonly file: string } | { readonly command: readonly string[] };

/** Standard Webhooks 1.0. The address may hold a token: it is never shown or recorded. */
export type WebhookSettings = {
  /** Unique; names the file that keeps where it got to. */
  readonly name: string;
  readonly url: string;
  /** Types of events, such as `drift.found`, or `rollout.*`; empty: all. */
  readonly events: readonly string[];
  /** Absolute path of a file, mode 0600, with `whsec_…`. */
  readonly secretFile: string;
};

/** Bytes. */
export type Limits = { readonly blob: number; readonly manifest: number; readonly body: number };

/** An OIDC issuer whose tokens are taken (OpenID Connect Core and Discovery). */
export type IssuerSettings = {
  readonly url: string;
  readonly audience: string;
  readonly kind: "user" | "workload";
  /** The claim that names the principal; `sub` by default. */
  readonly name: string;
  /** Whoever has this claim with this value is in the group and has the roles. */
  readonly rules: readonly {
    readonly claim: string;
    readonly value: string;
    readonly group?: string;
    readonly roles: readonly PrincipalRole[];
  }[];
};
