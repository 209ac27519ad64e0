import type { Catalogue } from "./catalogue.ts";

/** Of `evidence`: keys, statements, trust, advisories. */
export const evidenceCodes = {
  "evidence-missing": { exit: 4, means: "No statement of the wanted kind is signed with a trusted key." },
  "key-exists": { exit: 1, means: "There is a key of that role already; it is not overwritten." },
  "key-exposed": { exit: 1, means: "A file with a secret may be read by others, or belongs to another user." },
  "key-malformed": { exit: 1, means: "A key file is cut off, altered or not of a format that Ingot reads." },
  "key-missing": { exit: 1, means: "There is no key of the role that should sign." },
  "key-unsuitable": { exit: 1, means: "A key is not ECDSA on the curve P-256." },
  "passphrase-missing": { exit: 1, means: "A key is encrypted, and no passphrase is at hand." },
  "passphrase-unusable": { exit: 1, means: "A passphrase is empty, or was not typed the same twice." },
  "passphrase-wrong": { exit: 1, means: "A key does not open with the passphrase that was given." },
  "predicate-malformed": {
    exit: 1,
    means: "What should be attested is not JSON, too large, or of no use to who reads it.",
  },
  "provenance-missing": { exit: 1, means: "No statement says how an image was built." },
  "provenance-untrusted": { exit: 4, means: "Statements say how an image was built, but none by a trusted builder." },
  "provenance-unusable": {
    exit: 1,
    means: "A statement of how an image was built is not one that Ingot can build from.",
  },
  "rebuild-source-missing": {
    exit: 1,
    means: "A file that an image was built from is in none of the places that have it.",
  },
  "rebuilder-is-builder": { exit: 3, means: "The key that should confirm a build is the one that signed it." },
  "role-mismatch": { exit: 3, means: "A key was asked to sign what its role may not say." },
  "trust-exposed": { exit: 1, means: "Another user of the host can say whose keys are trusted here." },
  "trust-missing": { exit: 1, means: "Nothing says whose keys are trusted." },

  "vex-invalid": {
    exit: 1,
    means: "A VEX document is missing or not OpenVEX, or an exception in it lacks its owner, reason or expiry.",
  },

  "feed-damaged": {
    exit: 4,
    means: "A feed that was added is no longer whole on disk, or a file of exported feeds was altered or cut off.",
  },
  "feed-denied": { exit: 1, means: "A server refuses to give out a feed." },
  "feed-exists": { exit: 1, means: "A feed of that name comes from another place." },
  "feed-malformed": { exit: 1, means: "A feed is cut off, or is not of the format that its kind has." },
  "feed-missing": { exit: 1, means: "There is no feed at the address or path that was given." },
  "feed-rolled-back": { exit: 1, means: "A feed is older, or says far less, than the one in use." },
  "feed-too-large": { exit: 1, means: "A feed, or what it unpacks to, is larger than Ingot takes." },
  "feed-unknown": { exit: 1, means: "No feed has the name that was asked for." },
  "feed-unreachable": { exit: 1, means: "A feed could not be fetched whole, also when tried again." },
} as const satisfies Catalogue;
