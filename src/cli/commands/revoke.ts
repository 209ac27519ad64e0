import type { Command } from "commander";
import { IngotError } from "../../ground/error.ts";
import type { Context } from "../../ground/context.ts";
import type { RevocationReport } from "../../controller/verbs/revocation-report.ts";
import type { RevokedSubject } from "../../controller/events/revocation-events.ts";
import type { Declare, Handle, Outcome } from "../command.ts";
import { formatTable } from "../format.ts";

type RevokeOptions = { readonly reason: string; readonly dryRun?: boolean };
type PackageOptions = RevokeOptions & { readonly ecosystem: string };

/** `ingot revoke …`: what must not run any more, and everything that it reaches. */
export const declare: Declare = (command, handle) => {
  addOptions(command.command("image"))
    .description("revoke an image, and all that is built on it")
    .argument("<image>", "NAME:TAG of the controller's registry, or a digest")
    .action(handle<RevokeOptions, [string]>(({ ctx, options }, image) => send(ctx, { kind: "image", image }, options)));
  addOptions(command.command("package"))
    .description("revoke a version of a package, in all images that have it")
    .argument("<name=version>", "a binary or source package of Debian, or a package of a language")
    .option("--ecosystem <type>", "deb, npm, pypi, golang: the type of its package URL", "deb")
    .action(
      handle<PackageOptions, [string]>(({ ctx, options }, text) =>
        send(ctx, { kind: "package", ecosystem: options.ecosystem, ...parsePackage(text) }, options),
      ),
    );
  addOptions(command.command("key"))
    .description("revoke a key, and all that it ever signed")
    .argument("<id>", "the key's id, or its first eight digits")
    .action(handle<RevokeOptions, [string]>(({ ctx, options }, id) => send(ctx, { kind: "key", id }, options)));
  declareList(command, handle);
};

function addOptions(command: Command): Command {
  return command
    .requiredOption("--reason <text>", "why: everybody whom it stops reads this")
    .option("--dry-run", "say what would be reached, and change nothing");
}

async function send(ctx: Context, subject: object, { reason, dryRun = false }: RevokeOptions): Promise<Outcome> {
  const { openControllerClient } = await import("../controller-client.ts");
  const { describeRevocation } = await import("../release/describe-revocation.ts");
  const client = openControllerClient(ctx);
  const report = await client.post<RevocationReport>("/api/v1/revocations", { subject, reason, dryRun });
  return { json: report, text: describeRevocation(report) };
}

function parsePackage(text: string): { readonly name: string; readonly version: string } {
  const [, name, version] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && version !== undefined) return { name, version };
  throw new IngotError("usage", `expected NAME=VERSION, got ${JSON.stringify(text)}`, {
    hint: "such as openssl=3.0.1-1; the version is the whole one that `dpkg-query -W` shows",
  });
}

type Listed = {
  readonly event: number;
  readonly madeBy: string;
  readonly subject: RevokedSubject;
  readonly reason: string;
  readonly images: readonly { readonly digest: string; readonly how: string }[];
};

function declareList(command: Command, handle: Handle): void {
  command
    .command("list")
    .description("show what is revoked, and how many images each revocation reaches")
    .option("--at <time>", "as it was then: 2026-11-21 or 2026-11-21T10:00:00Z")
    .action(
      handle<{ readonly at?: string }>(async ({ ctx, options }) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { describeSubject } = await import("../../controller/events/tell-event.ts");
        const { oneLine } = await import("../release/one-line.ts");
        const client = openControllerClient(ctx);
        const answer = await client.get<{ revocations: readonly Listed[] }>("/api/v1/revocations", { at: options.at });
        const rows = answer.revocations.map(({ event, madeBy, subject, reason, images }) => [
          `#${event}`,
          describeSubject(subject),
          String(images.length),
          madeBy,
          oneLine(reason),
        ]);
        const text =
          rows.length === 0 ? "nothing is revoked" : formatTable(["event", "what", "images", "by", "reason"], rows);
        return { json: answer, text };
      }),
    );
}
