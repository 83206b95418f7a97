import { nameOf, sharedSegments, withoutEnding } from './fileTable.ts';

/** Folders of tests in a path. */
const FOLDER = /(?<=^|\/)(?:tests?|specs?|__tests__|__specs__|e2e)\//gi;
/** Marks of tests as separate words of a name: `test_cart`, `cart_spec`, `cart.test.ts`. */
const MARK = /^tests?[_-](?=.)|(?<=.)[_-](?:unit)?(?:tests?|specs?)$/i;
/** Marks of tests within a word: `CartTest`, `TestCart`. Only capitals count, because of `latest`. */
const CAPITAL_MARK = /^[Tt]est(?=[A-Z])|(?<=[a-z\d])(?:Tests?|Specs?)$/;
const ENDING = /(?<=.)\.(?:[\w-]+-)?(?:tests?|specs?)\..+$/i;

/** Returns the name that a file and its tests share, in lower case and without endings. */
export function testedStem(path: string): string {
  return nameBeforeEnding(nameOf(path)).replace(MARK, '').replace(CAPITAL_MARK, '').toLowerCase();
}

/** Returns the stems that a file and its tests may have. */
export function twinStems(tested: string): readonly string[] {
  return [
    tested,
    `test_${tested}`,
    `${tested}_test`,
    `test${tested}`,
    `${tested}test`,
    `${tested}tests`,
    `${tested}_spec`,
    `${tested}spec`,
    `test-${tested}`,
    `${tested}-test`,
    `${tested}_tests`,
    `${tested}_unittest`,
  ];
}

/**
 * Returns how surely a file holds tests: 2 by its name, 1 by its folder, 0 not at all. Of two files with one stem, the
 * file with the higher number tests the other.
 */
export function testness(path: string): 0 | 1 | 2 {
  const name = nameOf(path);
  const stem = nameBeforeEnding(name);
  if (MARK.test(stem) || CAPITAL_MARK.test(stem) || ENDING.test(name)) return 2;
  return path.search(FOLDER) >= 0 ? 1 : 0;
}

/**
 * Returns how many folders two files share, counted from the workspace down and from the files up. Tests often lie in a
 * tree that mirrors the sources.
 */
export function twinNearness(one: string, other: string): number {
  const [first, second] = [one.replace(FOLDER, ''), other.replace(FOLDER, '')];
  return sharedSegments(first, second) + sharedSegments(fromFileUp(first), fromFileUp(second));
}

/**
 * Returns the name without its ending, and without the ending of tests: the same for `users.service.spec.ts` and
 * `users.service.ts`.
 */
function nameBeforeEnding(name: string): string {
  return ENDING.test(name) ? name.replace(ENDING, '') : withoutEnding(name);
}

/** Returns a path with its folders in reverse order. */
function fromFileUp(path: string): string {
  const [name = '', ...folders] = path.split('/').reverse();
  return [...folders, name].join('/');
}
