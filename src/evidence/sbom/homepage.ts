/** A package's home page where both formats take it as one (RFC 3987); undefined for anything else that a maintainer wrote there: one bad field would make the whole document invalid. */
export function homepageOf(text: string | undefined): string | undefined {
  return text !== undefined &&
    /^(?:https?|ftp):\/\/[^\s<>"{}|\\^`[\]%]+(?:%[0-9A-Fa-f]{2}[^\s<>"{}|\\^`[\]%]*)*$/.test(text) &&
    URL.canParse(text)
    ? text
    : undefined;
}
