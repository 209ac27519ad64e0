import { join } from "node:path";
import { IngotError } from "../../ground/error.ts";
import { withFileLock } from "../../ground/file-lock.ts";
import type { Context } from "../../ground/context.ts";
import type { Digest } from "../../oci/digest.ts";
import { openStore, type Layout } from "../../oci/layout.ts";
import type { Declare, Outcome } from "../command.ts";
import { formatBytes } from "../format.ts";

type GcOptions = {
  readonly check?: boolean;
  readonly removeDamaged?: boolean;
  readonly dryRun?: boolean;
  readonly grace?: string;
  readonly vault?: readonly string[];
  readonly forget?: readonly string[];
  readonly controller?: boolean;
};

/** `ingot gc`: frees what no image, instance or lock needs. `ingot gc --check`: finds what is damaged. */
export const declare: Declare = (command, handle) => {
  command
    .option("--dry-run", "only say what would go")
    .option("--grace <duration>", "leave alone what is younger than this, such as 10m", "1h")
    .option("--forget <names...>", "take these names out of the store first, so that their images can go")
    .option("--vault <locks...>", "drop package archives too, but for those that these lock files name")
    .option("--check", "hash everything again; exit 4 when something is damaged or missing")
    .option("--remove-damaged", "with --check: remove what is damaged, so that it is fetched or built again")
    .option("--controller", "free what the registry of the controller does not need, instead of this home")
    .action(
      handle<GcOptions>(({ ctx, options }) => {
        assertSensible(options);
        if (options.controller) return collectThere(ctx, options);
        // A build stores layers before anything names them.
        return withFileLock(
          join(ctx.home, "build.lock"),
          () => (options.check ? check(ctx, options) : collect(ctx, options)),
          {
            wait: 15 * 60 * 1000,
            what: `the store in ${ctx.home}`,
            ctx,
          },
        );
      }),
    );
};

/** An option that would be left unheard is refused: who writes it expects something to be removed, or not to be. */
function assertSensible(options: GcOptions): void {
  if (options.removeDamaged && !options.check) {
    throw new IngotError("usage", "expected --check with --remove-damaged", {
      hint: "ingot gc --check --remove-damaged",
    });
  }
  const here = { "--check": options.check, "--vault": options.vault, "--forget": options.forget };
  const local = Object.entries(here).flatMap(([option, value]) => (value === undefined ? [] : [option]));
  if (options.controller && local.length > 0) {
    throw new IngotError("usage", `expected either --controller or ${local.join(", ")}, got both`, {
      hint: "ingot gc --help",
    });
  }
  const others = { "--dry-run": options.dryRun, "--vault": options.vault, "--forget": options.forget };
  const unheard = Object.entries(others).flatMap(([option, value]) => (value === undefined ? [] : [option]));
  if (options.check && unheard.length > 0) {
    throw new IngotError("usage", `expected either --check or ${unheard.join(", ")}, got both`, {
      hint: "ingot gc --help",
    });
  }
}

/** By the controller itself, which knows what is about to come to be. */
async function collectThere(ctx: Context, options: GcOptions): Promise<Outcome> {
  const { openControllerClient } = await import("../controller-client.ts");
  const { parseDuration } = await import("../parse-duration.ts");
  const dryRun = options.dryRun === true;
  const grace = parseDuration(options.grace ?? "1h", "--grace") / 1000;
  type Answer = {
    readonly blobs: readonly { readonly digest: string }[];
    readonly uploads: number;
    readonly freed: number;
  };
  const collected = await openControllerClient(ctx).post<Answer>("/api/v1/garbage", { grace, dryRun });
  const { blobs, uploads, freed } = collected;
  return {
    json: { ...collected, dryRun },
    text: `${dryRun ? "would free" : "freed"} ${formatBytes(freed)}: ${blobs.length} blobs, ${uploads} uploads that nobody went on with`,
  };
}

async function collect(ctx: Context, options: GcOptions): Promise<Outcome> {
  const { collectGarbage } = await import("../../oci/collect.ts");
  const { imagesInUse, collectContent } = await import("../../runtime/collect-content.ts");
  const { sweepCaches } = await import("../../image/sweep-caches.ts");
  const { parseDuration } = await import("../parse-duration.ts");
  const layout = openStore(ctx);
  const roots = imagesInUse(ctx);
  const dryRun = options.dryRun === true;
  const grace = parseDuration(options.grace ?? "1h", "--grace");
  const { withRegistryHeld } = await import("../../controller/registry/hold-registry.ts");
  const { forgotten, store } = await withRegistryHeld(ctx, { grace }, async (keep) => ({
    forgotten: await forgetNames(ctx, layout, options),
    store: await collectGarbage(layout, { roots, keep, grace, dryRun, now: ctx.now() }),
  }));
  const gone = new Set(store.blobs.map((blob) => blob.digest));
  const hasBlob = (digest: Digest) => !gone.has(digest) && layout.hasBlob(digest);
  const content = await collectContent(ctx, { isKept: (image) => hasBlob(image) || roots.includes(image), dryRun });
  const caches = sweepCaches(ctx.home, { hasBlob, dryRun, abandonedBefore: ctx.now().getTime() - grace });
  const lists = dryRun ? 0 : (await import("../../debian/archive/lists-cache.ts")).sweepLists(ctx.home);
  const vault = await sweepArchives(ctx, options);
  const contentBytes = content.reduce((sum, file) => sum + file.size, 0);
  const freed = store.freed + contentBytes + caches.bytes + lists + vault.bytes;
  return {
    json: {
      freed,
      dryRun,
      forgotten,
      blobs: store.blobs,
      temporaries: store.temporaries,
      content,
      caches,
      lists,
      vault,
    },
    text: [
      `${dryRun ? "would free" : "freed"} ${formatBytes(freed)}:`,
      `  store: ${store.blobs.length} blobs, ${store.temporaries.length} temporary files, ${formatBytes(store.freed)}`,
      `  content: ${content.length} images, ${formatBytes(contentBytes)}`,
      `  caches: ${caches.files} records, ${formatBytes(caches.bytes + lists)}`,
      `  vault: ${options.vault ? `${vault.files} archives, ${formatBytes(vault.bytes)}` : "kept (see --vault)"}`,
    ].join("\n"),
  };
}

/** Every name is looked for before the first is taken out: a slip of the pen forgets nothing. */
async function forgetNames(ctx: Context, layout: Layout, options: GcOptions): Promise<readonly string[]> {
  const { findImageName } = await import("../find-image-name.ts");
  const names = await Promise.all((options.forget ?? []).map((name) => findImageName(ctx, name)));
  const known = layout.listReferences().map((reference) => reference.name);
  const strange = names.filter((name) => !known.includes(name));
  if (strange.length > 0) {
    throw new IngotError("reference-unknown", `the store has no name ${strange.join(", ")}; nothing was changed`, {
      hint: "ingot images",
    });
  }
  if (!options.dryRun) for (const name of names) await layout.removeReference(name);
  return names;
}

/** The vault is what lets a lock build after the mirror dropped a version: it is swept only by what locks name. */
async function sweepArchives(ctx: Context, options: GcOptions): Promise<{ files: number; bytes: number }> {
  if (!options.vault) return { files: 0, bytes: 0 };
  const { sweepVault } = await import("../../debian/archive/check-vault.ts");
  const { requireLock } = await import("../../image/check-lock.ts");
  const locks = options.vault.map((path) => requireLock(path));
  const packages = locks.flatMap((lock) => Object.values(lock.images)).flatMap((image) => image.packages);
  const keep = new Set(packages.map((item) => item.sha256));
  return sweepVault(ctx.home, keep, { dryRun: options.dryRun === true });
}

async function check(ctx: Context, options: GcOptions): Promise<Outcome> {
  const { checkHome, removeDamaged } = await import("../check-home.ts");
  const findings = await checkHome(ctx);
  const removed = options.removeDamaged ? removeDamaged(findings) : [];
  if (options.removeDamaged) {
    const { dropLostReferrers } = await import("../../oci/referrers/drop-lost.ts");
    await dropLostReferrers(openStore(ctx));
  }
  const text =
    findings.length === 0
      ? "store, vault and content are whole"
      : [
          ...findings.map((finding) => `${finding.place}: ${finding.path}: ${finding.what}`),
          options.removeDamaged
            ? `removed ${removed.length} damaged files; next: ingot build, or ingot pull`
            : "next: ingot gc --check --remove-damaged, then ingot build or ingot pull",
        ].join("\n");
  return { json: { findings, removed }, text, ...(findings.length === 0 ? {} : { exitCode: 4 as const }) };
}
