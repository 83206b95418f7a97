/**
 * Whether `uri` holds text of the document that is asked about: the document itself, and of a notebook's cell the other
 * cells and the notebook's file, which stand around the cell in a prompt already. A cell has its notebook's place,
 * another scheme, and a fragment.
 */
export function isOwnText(uri: string, documentUri: string): boolean {
  return uri === documentUri || (documentUri.includes('#') && placeOf(uri) === placeOf(documentUri));
}

/** Without scheme and fragment: where a notebook lies, of its cells too. */
export function placeOf(uri: string): string {
  return uri.replace(/^[a-z][a-z0-9+.-]*:(\/\/)?/i, '').replace(/#.*$/, '');
}
