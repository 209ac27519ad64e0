import { danglingLink } from "./dangling-link.ts";
import { packageManager, shell } from "./forbidden-programs.ts";
import { hostKey } from "./host-key.ts";
import type { Lint } from "./lint.ts";
import { machineId } from "./machine-id.ts";
import { privateKey } from "./private-key.ts";
import { serviceWritable } from "./service-writable.ts";
import { token } from "./token.ts";
import { undeclaredPort } from "./undeclared-port.ts";
import { unexpectedCapabilities } from "./unexpected-capabilities.ts";
import { unexpectedSetuid } from "./unexpected-setuid.ts";
import { unexplainedContent } from "./unexplained-content.ts";
import { worldWritable } from "./world-writable.ts";

/** All lints, in the order of reports: secrets, rights, content. Names are permanent: definitions name them. */
export const lints: readonly Lint[] = [
  privateKey,
  token,
  hostKey,
  machineId,
  unexpectedSetuid,
  unexpectedCapabilities,
  worldWritable,
  serviceWritable,
  danglingLink,
  shell,
  packageManager,
  undeclaredPort,
  unexplainedContent,
];
