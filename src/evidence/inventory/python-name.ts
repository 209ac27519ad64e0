/** PEP 503: `Zope.Interface` and `zope-interface` are one package. */
export function normalisePythonName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}
