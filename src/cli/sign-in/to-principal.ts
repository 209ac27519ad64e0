/** `alice` is a person; everybody else is written out, as `workload:ci`. */
export function toPrincipal(name: string, kind = "user"): string {
  return /^(?:user|workload|instance):/.test(name) ? name : `${kind}:${name}`;
}
