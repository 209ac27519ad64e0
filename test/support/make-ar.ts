/** Name and content. */
export type Member = readonly [name: string, content: Buffer | string];

/** An ar(5) archive, as a .deb is one. */
export function makeAr(...members: readonly Member[]): Buffer {
  const parts = members.flatMap(([name, content]) => {
    const body = Buffer.from(content);
    const header = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(body.length).padEnd(10)}\`\n`;
    return [Buffer.from(header), body, Buffer.from(body.length % 2 === 1 ? "\n" : "")];
  });
  return Buffer.concat([Buffer.from("!<arch>\n"), ...parts]);
}
