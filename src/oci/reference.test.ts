import assert from "node:assert/strict";
import { test } from "node:test";
import { dockerHub, formatReference, namesRegistry, parseReference } from "./reference.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

test("references are read with Docker's defaults", () => {
  const cases: Record<string, string> = {
    debian: "docker.io/library/debian:latest",
    "debian:bookworm": "docker.io/library/debian:bookworm",
    "docker.io/debian": "docker.io/library/debian:latest",
    [`index.${dockerHub}/debian`]: "docker.io/library/debian:latest",
    "someone/image": "docker.io/someone/image:latest",
    "localhost/image": "localhost/image:latest",
    "localhost:5000/shop/web:1": "localhost:5000/shop/web:1",
    "127.0.0.1:5000/web": "127.0.0.1:5000/web:latest",
    "[::1]:5000/web:1": "[::1]:5000/web:1",
    "registry.example/a/b/c_d/e--f__g.h:V1.0-rc_1": "registry.example/a/b/c_d/e--f__g.h:V1.0-rc_1",
    [`registry.example/web@${digest}`]: `registry.example/web@${digest}`,
    [`registry.example:443/web:1@${digest}`]: `registry.example:443/web:1@${digest}`,
  };
  for (const [text, whole] of Object.entries(cases)) {
    assert.equal(formatReference(parseReference(text)), whole);
    assert.deepEqual(parseReference(whole), parseReference(text));
  }
});

test("a wrong reference is refused with the part that is wrong", () => {
  const cases: Record<string, RegExp> = {
    "": /the repository "library\/" is not/,
    "registry.example/Shop/web": /lower case/,
    "registry.example/": /the repository "" is not/,
    "registry.example/a//b": /the repository "a\/\/b" is not/,
    "registry.example/../etc": /the repository "..\/etc" is not/,
    "registry.example/web:": /the tag "" is not/,
    "registry.example/web:a/b:c d": /the repository|the tag/,
    "registry.example/web:-1": /the tag "-1" is not/,
    "registry.example/web@sha256:123": /not sha256: and 64 hex digits/,
    [`registry.example/web@${digest}@${digest}`]: /more than one @/,
    "user:password@registry.example/web": /not sha256/,
    "regis try.example/web": /not a host/,
    "registry.example:port/web": /not a host/,
    "registry.example?x=/web": /not a host/,
  };
  for (const [text, message] of Object.entries(cases)) {
    assert.throws(() => parseReference(text), { code: "reference-malformed", message });
  }
});

test("a registry is named by a dot, a port or localhost before the first slash", () => {
  for (const text of ["registry.example/web", "host:5000/web", "localhost/web"]) assert.ok(namesRegistry(text));
  for (const text of ["shop/web", "web", "web:1.0", "shop/web:1.0", digest]) assert.ok(!namesRegistry(text));
});
