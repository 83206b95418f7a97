/**
 * Returns whether `uri` has text that a prompt for the document already contains. That is the document itself, and for
 * a notebook's cell its other cells and the notebook's file. A cell has its notebook's path, another scheme, and a
 * fragment.
 */
export function isOwnText(uri: string, documentUri: string): boolean {
  return uri === documentUri || (documentUri.includes('#') && placeOf(uri) === placeOf(documentUri));
}

/** Returns a URI without scheme and fragment: the same for a notebook and its cells. */
export function placeOf(uri: string): string {
  return uri.replace(/^[a-z][a-z0-9+.-]*:(\/\/)?/i, '').replace(/#.*$/, '');
}
