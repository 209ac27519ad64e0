import type { Catalogue } from "./catalogue.ts";

/** Of `oci` and `image`: blobs, layers, registries, the lock. */
export const imageCodes = {
  "archive-escapes-root": { exit: 1, means: "An archive holds a path that would be written outside of its root." },
  "blob-mismatch": { exit: 1, means: "A blob's content is not what its digest or size says." },
  "blob-missing": { exit: 1, means: "The store lacks a blob of an image." },
  "layer-malformed": { exit: 1, means: "The layers of an image do not make up one tree of files." },
  "layout-unusable": { exit: 1, means: "A folder is not an OCI image layout that Ingot can use." },
  "manifest-malformed": {
    exit: 1,
    means: "An image's manifest, index or configuration does not follow the OCI specification.",
  },
  "manifest-unsupported": { exit: 1, means: "A manifest is of a kind that Ingot does not take for an image." },
  "platform-missing": { exit: 1, means: "An image exists, but not for the wanted platform." },
  "reference-ambiguous": { exit: 1, means: "More than one image fits the digits that were given." },
  "reference-malformed": { exit: 2, means: "A reference to an image cannot be understood." },
  "reference-unknown": { exit: 1, means: "The store has no image of that name or digest." },
  "referrers-unusable": {
    exit: 1,
    means: "The list of what is attached to an image is too large, or is no list.",
  },
  "registry-credentials-unusable": {
    exit: 1,
    means: "The credentials for a registry cannot be read, or a credential helper failed.",
  },
  "registry-denied": { exit: 1, means: "A registry refused the credentials, or they do not allow this." },
  "registry-failed": { exit: 1, means: "A registry answered with an error, also when tried again." },
  "registry-missing": { exit: 1, means: "A registry does not have the image or blob." },
  "registry-unreachable": { exit: 1, means: "A registry could not be reached, or broke off, also when tried again." },
  "store-damaged": {
    exit: 4,
    means: "A blob of the store no longer has the content that its name says, or an image lacks a part.",
  },
  "tar-malformed": { exit: 1, means: "A tar archive is cut off, altered, or uses what no image builder writes." },

  "account-unknown": { exit: 1, means: "A definition names a user or group that the image does not have." },
  "base-not-debian": { exit: 1, means: "Packages are asked for on top of an image that is not Debian." },
  "base-outdated": { exit: 1, means: "Packages on top of a base image need newer versions of what the base has." },
  "file-conflict": {
    exit: 1,
    means: "A file of the definition would take the place of a folder of the image, or the reverse.",
  },
  "file-unsupported": { exit: 1, means: "A source of `files` is neither a file, a folder nor a symbolic link." },
  "image-unknown": { exit: 1, means: "The definition has no image of that name, or what was named is not one image." },
  "lock-incompatible": {
    exit: 1,
    means: "The lock was written for a release of Ingot that builds other bytes from it.",
  },
  "lock-malformed": { exit: 1, means: "The lock is not JSON of the shape that Ingot writes." },
  "lock-missing": { exit: 1, means: "An image has no entry in ingot.lock." },
  "lock-stale": { exit: 4, means: "The lock no longer fits the definition." },
} as const satisfies Catalogue;
