import type { Catalogue } from "./catalogue.ts";

/** Of the controller's registry. */
export const registryCodes = {
  "blob-unknown": { exit: 1, means: "A repository of the registry has no such blob." },
  "image-in-use": { exit: 1, means: "What should be deleted is needed by a release, an index or an image." },
  "manifest-parts-unknown": { exit: 1, means: "A pushed manifest lists what its repository does not have." },
  "manifest-too-large": { exit: 1, means: "A pushed manifest has more bytes or parts than the registry takes." },
  "manifest-unknown": { exit: 1, means: "A repository of the registry has no such tag or manifest." },
  "registry-busy": { exit: 1, means: "The registry has as many uploads under way as it takes." },
  "registry-request-unsupported": { exit: 1, means: "The registry does not do what a client asked for." },
  "repository-unknown": { exit: 1, means: "The registry has no such repository." },
  "repository-name-invalid": { exit: 2, means: "A name is not one that a repository, tag or digest can have." },
  "statement-refused": { exit: 4, means: "A statement that was pushed is altered, malformed or about another image." },
  "tag-immutable": { exit: 1, means: "A tag names another image already, and tags of its repository do not move." },
  "upload-invalid": { exit: 1, means: "A part of an upload does not follow what came before it." },
  "upload-too-large": { exit: 1, means: "An upload is larger than the registry takes, or than the disk has room for." },
  "upload-too-slow": { exit: 1, means: "A client sent so slowly that the registry gave up." },
  "upload-unknown": { exit: 1, means: "The registry has no such upload: it ended, expired, or is somebody else's." },
} as const satisfies Catalogue;
