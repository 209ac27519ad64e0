import type { Identity } from "../../controller/state/identities.ts";
import type { Command } from "commander";
import { IngotError } from "../../ground/error.ts";
import type { Declare, Handle, Outcome } from "../command.ts";
import { declareKeys } from "../identity/declare-keys.ts";
import { nameArgument, openController, pathOf } from "../identity/named-identity.ts";
import { toPrincipal } from "../sign-in/to-principal.ts";

type Standing = {
  readonly role?: readonly string[];
  readonly group?: readonly string[];
  readonly email?: readonly string[];
  readonly environment?: string;
};
type AddOptions = Standing & { readonly kind?: string; readonly key?: readonly string[]; readonly again?: boolean };
type Added = { readonly principal: string; readonly enrolment?: { readonly code: string; readonly expires: number } };

/** `ingot identity`: who the controller knows, and by which keys. */
export const declare: Declare = (command, handle) => {
  declareAdd(command, handle);
  declareChange(command, handle);
  declareReading(command, handle);
  declareRemove(command, handle);
  declareKeys(command, handle);
  declareToken(command, handle);
};

function standingOptions(command: Command): Command {
  return command
    .option("--role <role...>", "what they may do: admin, approver, deployer, developer, builder, auditor, host")
    .option("--group <group...>", "groups, for policies")
    .option("--email <address...>", "addresses by which their commits are known")
    .option("--environment <environment>", "the only environment that they have to do with");
}

function declareAdd(command: Command, handle: Handle): void {
  standingOptions(
    command
      .command("add")
      .summary("register somebody; prints a one-time code where no key to sign in with is given")
      .argument(...nameArgument)
      .option("--kind <kind>", "user, workload or instance (default: user)"),
  )
    .option("--key <file=use...>", "a public key and what it is for: identity, or a role such as builder")
    .option("--again", "it is the same one as before, who was removed")
    .action(
      handle<AddOptions, [string]>(async ({ ctx, options }, name) => {
        const { readKeyOption } = await import("../identity/read-key-option.ts");
        const { parsePrincipalRole } = await import("../identity/parse-principal-role.ts");
        const { group = [], email = [], environment, kind = "user", again = false } = options;
        const role = (options.role ?? []).map(parsePrincipalRole);
        const principal = toPrincipal(name, parseKind(kind));
        const keys = (options.key ?? []).map((one) => readKeyOption(ctx, one));
        const standing = { roles: role, groups: group, emails: email, ...optional({ environment }) };
        const client = await openController(ctx);
        const added = await client.post<Added>("/api/v1/identities", { principal, keys, again, ...standing });
        return invited(client.url, added, role);
      }),
    );
}

function parseKind(kind: string): string {
  if (["user", "workload", "instance"].includes(kind)) return kind;
  throw new IngotError("usage", `expected user, workload or instance for --kind, got ${JSON.stringify(kind)}`, {
    hint: "ingot identity add --help",
  });
}

function declareChange(command: Command, handle: Handle): void {
  standingOptions(
    command
      .command("change")
      .summary("give somebody other roles, groups or addresses; what is not named stays")
      .argument(...nameArgument),
  ).action(
    handle<Standing, [string]>(async ({ ctx, options }, name) => {
      const { parsePrincipalRole } = await import("../identity/parse-principal-role.ts");
      const { group: groups, email: emails, environment } = options;
      const roles = options.role?.map(parsePrincipalRole);
      const client = await openController(ctx);
      const answer = await client.put<Added>(pathOf(name), optional({ roles, groups, emails, environment }));
      return { json: answer, text: `${answer.principal} is changed` };
    }),
  );
}

const atOption = ["--at <time>", "as it was then: 2026-11-21 or 2026-11-21T10:00:00Z"] as const;

function declareReading(command: Command, handle: Handle): void {
  command
    .command("list")
    .summary("list everybody who is registered")
    .option("--removed", "also who was removed")
    .option(...atOption)
    .action(
      handle<{ removed?: boolean; at?: string }>(async ({ ctx, options }) => {
        const { formatIdentities } = await import("../identity/show-identity.ts");
        const client = await openController(ctx);
        const answer = await client.get<{ readonly identities: readonly Identity[] }>("/api/v1/identities", {
          at: options.at,
          ...(options.removed === true ? { removed: true } : {}),
        });
        return { json: answer, text: formatIdentities(answer.identities) };
      }),
    );
  command
    .command("show")
    .summary("show somebody, with their keys")
    .argument(...nameArgument)
    .option(...atOption)
    .action(
      handle<{ at?: string }, [string]>(async ({ ctx, options }, name) => {
        const { formatIdentity } = await import("../identity/show-identity.ts");
        const identity = await (await openController(ctx)).get<Identity>(pathOf(name), { at: options.at });
        return { json: identity, text: formatIdentity(identity) };
      }),
    );
}

function declareRemove(command: Command, handle: Handle): void {
  command
    .command("remove")
    .summary("let somebody sign in no more; their tokens end at once")
    .argument(...nameArgument)
    .option("--reason <reason>", "why, for the record")
    .action(
      handle<{ reason?: string }, [string]>(async ({ ctx, options: { reason = "" } }, name) => {
        const answer = await (await openController(ctx)).remove<Added>(pathOf(name), { reason });
        return {
          json: answer,
          text: `${answer.principal} is removed; what their keys signed still counts, until a key is revoked`,
        };
      }),
    );
  command
    .command("enrol")
    .summary("print a one-time code with which somebody registers further keys")
    .argument(...nameArgument)
    .action(
      handle<object, [string]>(async ({ ctx }, name) => {
        const client = await openController(ctx);
        const { roles } = await client.get<Identity>(pathOf(name));
        return invited(client.url, await client.post<Added>(`${pathOf(name)}/enrolments`), roles);
      }),
    );
}

function declareToken(command: Command, handle: Handle): void {
  command
    .command("token")
    .summary("print an access token, for docker login, a host or a script")
    .option("--environment <environment>", "good for this environment alone")
    .option("--expires <duration>", "how long it is good, at most 1h (default: 1h)")
    .action(
      handle<{ environment?: string; expires?: string }>(async ({ ctx, options: { environment, expires = "1h" } }) => {
        const { parseDuration } = await import("../parse-duration.ts");
        const { tokenFor } = await import("../controller-access.ts");
        const lifetime = Math.floor(parseDuration(expires, "--expires") / 1000);
        if (lifetime < 60 || lifetime > 3600) {
          throw new IngotError("usage", `expected 1m to 1h for --expires, got ${expires}`, {
            hint: "ask for another token when this one has expired: whoever has it acts as you until then",
          });
        }
        const { url, token } = await tokenFor(ctx, { lifetime, ...optional({ environment }) });
        return { json: { url, token, ...optional({ environment }) }, text: token };
      }),
    );
}

/** The code is shown once: it is for the one who was named, on a way that others do not read. Who approves needs a key for that, which is made with the other. */
function invited(url: string, added: Added, roles: readonly string[]): Outcome {
  const { principal, enrolment } = added;
  if (enrolment === undefined) return { json: added, text: `${principal} is registered` };
  const until = new Date(enrolment.expires * 1000).toISOString().slice(0, 16).replace("T", " ");
  const login = `  ingot login ${url} --enrol ${enrolment.code}${roles.includes("approver") ? " --with approver" : ""}`;
  return { json: added, text: [`${principal} signs in, until ${until} UTC and once, with`, login].join("\n") };
}

/** Without the members that are undefined. */
function optional<T extends object>(members: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
