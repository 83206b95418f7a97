import { nameOf, sharedSegments, withoutEnding } from './fileTable.ts';

/** Folders of tests, in a path. */
const FOLDER = /(?<=^|\/)(?:tests?|specs?|__tests__|__specs__|e2e)\//gi;
/** Words of a name that say so apart: `test_cart`, `cart_spec`, `cart.test.ts`. */
const MARK = /^tests?[_-](?=.)|(?<=.)[_-](?:unit)?(?:tests?|specs?)$/i;
/** And in one word: `CartTest`, `TestCart`. Small letters say nothing: `latest`. */
const CAPITAL_MARK = /^[Tt]est(?=[A-Z])|(?<=[a-z\d])(?:Tests?|Specs?)$/;
const ENDING = /(?<=.)\.(?:[\w-]+-)?(?:tests?|specs?)\..+$/i;

/** The name of what a file is about, without endings and in small letters: of a test what it tests. */
export function testedStem(path: string): string {
  return nameBeforeEnding(nameOf(path)).replace(MARK, '').replace(CAPITAL_MARK, '').toLowerCase();
}

/** Stems that a file and its tests may have. */
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
 * How surely a file holds tests: 2 by its name, 1 by its folder, 0 not at all. Of two files of one stem the one with
 * more tests the other.
 */
export function testness(path: string): 0 | 1 | 2 {
  const name = nameOf(path);
  const stem = nameBeforeEnding(name);
  if (MARK.test(stem) || CAPITAL_MARK.test(stem) || ENDING.test(name)) return 2;
  return path.search(FOLDER) >= 0 ? 1 : 0;
}

/**
 * Folders that two files share, from the workspace down and from the files up: tests often lie in a tree of their own
 * that mirrors the other.
 */
export function twinNearness(one: string, other: string): number {
  const [first, second] = [one.replace(FOLDER, ''), other.replace(FOLDER, '')];
  return sharedSegments(first, second) + sharedSegments(fromFileUp(first), fromFileUp(second));
}

/** What stands before the ending, be it one of tests: of `users.service.spec.ts` and `users.service.ts` the same. */
function nameBeforeEnding(name: string): string {
  return ENDING.test(name) ? name.replace(ENDING, '') : withoutEnding(name);
}

/** A path with its folders in the other order. */
function fromFileUp(path: string): string {
  const [name = '', ...folders] = path.split('/').reverse();
  return [...folders, name].join('/');
}
