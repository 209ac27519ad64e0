/** The permission bits of a mode (also one with the bits of its type) as `chmod` takes them: `0644`, `4755`. */
export function formatMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
