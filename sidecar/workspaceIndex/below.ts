/**
 * Those of `uris` that lie below one of `folders`. One pass, whatever the number of folders: a build that is cleaned
 * deletes hundreds, of which the index knows none.
 */
export function below(uris: Iterable<string>, folders: readonly string[]): string[] {
  const names = new Set(folders.map((folder) => folder.replace(/\/$/, '')));
  const lengths = [...new Set([...names].map(({ length }) => length))];
  if (lengths.length === 0) return [];
  return [...uris].filter((uri) => lengths.some((length) => uri[length] === '/' && names.has(uri.slice(0, length))));
}
