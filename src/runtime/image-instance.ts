import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { findUserEntry, parseGroup, parseId, parsePasswd } from "../oci/account-files.ts";
import type { Digest } from "../oci/digest.ts";
import { releaseContent, useContent } from "./content/content.ts";
import type { ImageSource } from "./content/image-source.ts";
import { readInside } from "./content/look-inside.ts";
import { isImageUsed } from "./instance-record.ts";
import { runtimePaths } from "./paths.ts";
import { idRangeSize } from "./profile/settings.ts";
import { isInstanceId, type InstanceId, type InstanceSpec } from "./runtime.ts";
import { writableOf } from "./writable.ts";

export type InstanceOptions = {
  /** The image's name, when it was asked for by name: the id starts with it. */
  readonly name?: string;
  /** Replaces the image's command, and its entrypoint too. */
  readonly command?: readonly string[];
  readonly limits?: Partial<InstanceSpec["limits"]>;
};

/** Enough for a small server, and little enough that a runaway one harms nobody. */
const defaultLimits = { memory: 512 * 1024 * 1024, pids: 256, cpus: 1 };
const pageSize = 4096;

/** Derives what to start from an image's configuration. Throws `image-not-runnable`. */
export async function instanceSpec(
  ctx: Context,
  image: ImageSource,
  options: InstanceOptions = {},
): Promise<InstanceSpec> {
  const config = image.config.config ?? {};
  const limits = { ...defaultLimits, ...options.limits };
  const port = portOf(config.ExposedPorts);
  return {
    id: newInstanceId(ctx, options.name),
    image: image.digest,
    ...(options.name === undefined ? {} : { name: options.name }),
    command: commandOf(image, options.command),
    environment: environmentOf(config.Env ?? []),
    workdir: config.WorkingDir || "/",
    user: await accountOf(ctx, image, config.User ?? ""),
    writable: writableOf(image.digest, image.config),
    limits: { ...limits, memory: Math.floor(limits.memory / pageSize) * pageSize },
    ...(port === undefined ? {} : { port }),
  };
}

/** `web-3f9a2c`: the last part of the image's name, and what tells its instances apart. */
export function newInstanceId(ctx: Pick<Context, "randomBytes">, name: string | undefined): InstanceId {
  const word = name?.split("@")[0]?.split(":")[0]?.split("/").at(-1) ?? "";
  const prefix = word
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 32);
  const id = `${prefix || "instance"}-${ctx.randomBytes(4).toString("hex")}`;
  if (!isInstanceId(id)) throw new IngotError("internal-error", `made the instance id ${id}`);
  return id;
}

function commandOf(image: ImageSource, given: readonly string[] | undefined): readonly string[] {
  if (given !== undefined && given.length > 0) return given;
  const { Entrypoint = [], Cmd = [] } = image.config.config ?? {};
  const command = [...Entrypoint, ...Cmd];
  if (command.length > 0) return command;
  throw notRunnable(image.digest, "names no command", "ingot run IMAGE -- COMMAND, or set `command` in ingot.yaml");
}

/** What a login would set too; the image's own values win. */
function environmentOf(entries: readonly string[]): Record<string, string> {
  const pairs = entries.map((entry) => [entry.split("=")[0] ?? "", entry.slice(entry.indexOf("=") + 1)] as const);
  return { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...Object.fromEntries(pairs) };
}

/** The port that instances of an image serve at; undefined: it has none. */
export function imagePort({ config }: Pick<ImageSource, "config">): number | undefined {
  return portOf(config.config?.ExposedPorts);
}

/** The lowest TCP port that the image exposes. */
function portOf(exposed: Readonly<Record<string, unknown>> | undefined): number | undefined {
  const tcp = Object.keys(exposed ?? {}).filter((port) => /^\d+(\/tcp)?$/.test(port));
  return tcp.map((port) => Number.parseInt(port, 10)).toSorted((a, b) => a - b)[0];
}

/** Ids that an instance does not have cannot be anybody in it; one that is no number at all would be taken for root by runc. */
async function accountOf(ctx: Context, image: ImageSource, text: string): Promise<InstanceSpec["user"]> {
  const user = await userOf(ctx, image, text);
  if ([user.uid, user.gid].every((id) => Number.isInteger(id) && id >= 0 && id < idRangeSize)) return user;
  throw notRunnable(
    image.digest,
    `wants to run as ${text}, ids ${user.uid}:${user.gid}; an instance has the ids from 0 to ${idRangeSize - 1}`,
    "build the image with another account",
  );
}

/** image-spec config.md: `user`, `uid`, `user:group`, `uid:gid` and mixtures; empty means root, which here is nobody on the host. */
async function userOf(ctx: Context, image: ImageSource, text: string): Promise<InstanceSpec["user"]> {
  const [user = "", group] = text.split(":");
  if (text === "") return { uid: 0, gid: 0 };
  const [uid, gid] = [parseId(user), parseId(group)];
  if (uid !== undefined && gid !== undefined) return { uid, gid };
  const content = await useContent(ctx, image);
  try {
    return lookUp(image, {
      user,
      group,
      passwd: readInside(content, "/etc/passwd") ?? "",
      groups: readInside(content, "/etc/group") ?? "",
    });
  } catch (error) {
    const paths = runtimePaths(ctx.home);
    await releaseContent(ctx, image.digest, () => isImageUsed(paths, image.digest));
    throw error;
  }
}

type Accounts = { user: string; group: string | undefined; passwd: string; groups: string };

function lookUp(image: ImageSource, { user, group, passwd, groups }: Accounts): InstanceSpec["user"] {
  const account = findUserEntry(parsePasswd(passwd), user);
  const uid = account?.uid ?? parseId(user);
  if (uid === undefined) throw unknownAccount(image.digest, "user", user);
  if (group === undefined) return { uid, gid: account?.gid ?? 0 };
  const gid = parseId(group) ?? parseGroup(groups).find(({ name }) => name === group)?.gid;
  if (gid === undefined) throw unknownAccount(image.digest, "group", group);
  return { uid, gid };
}

function unknownAccount(image: Digest, kind: "user" | "group", name: string): IngotError {
  return notRunnable(
    image,
    `wants to run as the ${kind} ${name}, which it does not have`,
    "build the image with that account",
  );
}

function notRunnable(image: Digest, why: string, hint: string): IngotError {
  return new IngotError("image-not-runnable", `the image ${image} ${why}`, { hint });
}
