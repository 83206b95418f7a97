import parse from 'semver/functions/parse.js';

/**
 * Compares two semantic versions by precedence: negative if `a` is older than `b`, 0 if they are equal, positive if `a`
 * is newer. A text that is not a semantic version is older than every version.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  return left !== null && right !== null ? left.compare(right) : Number(left !== null) - Number(right !== null);
}
