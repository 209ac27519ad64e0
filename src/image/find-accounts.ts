import type { Context } from "../ground/context.ts";
import type { Layout } from "../oci/layout.ts";
import { parseAccounts, type Accounts } from "./accounts.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import { readLayerFiles } from "../oci/layer/read-layer-files.ts";

export type FindAccountsInput = {
  readonly layout: Layout;
  /** Only the layers that are new, lowest first. */
  readonly layers: readonly LayerBlob[];
  /** The accounts beneath them. */
  readonly before: Accounts;
};

const passwdPath = "etc/passwd";
const groupPath = "etc/group";

/** The accounts of an image after some new layers: those of before, where the layers bring no passwd or group file. */
export async function findAccounts(ctx: Context, input: FindAccountsInput): Promise<Accounts> {
  const files = await readLayerFiles(ctx, input, [passwdPath, groupPath]);
  const passwd = files.get(passwdPath);
  const group = files.get(groupPath);
  const found = parseAccounts(passwd?.toString() ?? "", group?.toString() ?? "");
  return {
    users: passwd ? found.users : input.before.users,
    groups: group ? found.groups : input.before.groups,
  };
}
