/**
 * Returns the URIs that lie below one of `folders`, in a single pass for any number of folders. Cleaning a build
 * deletes hundreds of folders, and the index may know none of them.
 */
export function urisBelow(uris: Iterable<string>, folders: readonly string[]): string[] {
  const names = new Set(folders.map((folder) => folder.replace(/\/$/, '')));
  const lengths = [...new Set([...names].map(({ length }) => length))];
  if (lengths.length === 0) return [];
  return [...uris].filter((uri) => lengths.some((length) => uri[length] === '/' && names.has(uri.slice(0, length))));
}
