/** A column that `apply` wrote as JSON. Its type is what was written there: state is made from the log alone. */
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T;
}
