import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  affordable,
  affordableAfter,
  chooseSnippets,
  commonLength,
  nextPlan,
  type NextPlanOptions,
  type PlannedSnippet,
} from '../../../sidecar/workspaceIndex/contextPlan.ts';
import type { Snippet } from '../../../sidecar/workspaceIndex/snippet.ts';

const TOKENS = 100;

function planned(
  name: string,
  options: Partial<Snippet> & { tokens?: number; isProvisional?: boolean } = {},
): PlannedSnippet {
  const { tokens = TOKENS, isProvisional, ...snippet } = options;
  return {
    snippet: {
      uri: `file:///${name}`,
      path: name,
      languageId: 'python',
      revision: 1,
      kind: 'body',
      reason: 'similar',
      startLine: 0,
      endLine: 9,
      text: `text of ${name}`,
      score: 1,
      ...snippet,
    },
    tokens: new Array<number>(tokens).fill(0),
    isProvisional,
  };
}

const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => planned(name)) as [
  PlannedSnippet,
  PlannedSnippet,
  PlannedSnippet,
  PlannedSnippet,
  PlannedSnippet,
];
const names = (plan: readonly PlannedSnippet[]): string => plan.map(({ snippet }) => snippet.path).join(' ');
const always = (): boolean => true;
const plan = (
  current: readonly PlannedSnippet[],
  ranked: readonly PlannedSnippet[],
  options: Partial<NextPlanOptions> = {},
): string =>
  names(nextPlan(current, ranked, { budgetTokens: 3 * TOKENS, isThere: always, isUnchanged: always, ...options }));
const allBut =
  ({ snippet }: PlannedSnippet) =>
  ({ uri }: Snippet): boolean =>
    uri !== snippet.uri;

describe('nextPlan', () => {
  const cases: readonly { readonly it: string; readonly is: string; readonly becomes: string }[] = [
    { it: 'puts the best snippet last at first', is: plan([], [a, b, c]), becomes: 'c b a' },
    { it: 'keeps the order when the ranking changes', is: plan([a, b, c], [c, b, a]), becomes: 'a b c' },
    { it: 'keeps an unwanted snippet while there is room', is: plan([a, b], [b, c]), becomes: 'a b c' },
    { it: 'appends a new snippet', is: plan([b, c], [a, b, c]), becomes: 'b c a' },
    { it: 'drops unwanted snippets from the end to make room', is: plan([a, b, c], [d, a]), becomes: 'a b d' },
    { it: 'keeps wanted snippets in their order while others go', is: plan([a, b, c], [d, c, e]), becomes: 'c e d' },
    {
      it: 'shrinks from the end with the budget',
      is: plan([a, b, c], [a, b, c], { budgetTokens: 2 * TOKENS }),
      becomes: 'a b',
    },
    { it: 'drops a snippet of a deleted file', is: plan([a, b, c], [a, c], { isThere: allBut(b) }), becomes: 'a c' },
    {
      it: 'drops an unwanted snippet of a changed file',
      is: plan([a, b, c], [a, c], { isUnchanged: allBut(b) }),
      becomes: 'a c',
    },
    {
      it: 'drops a provisional snippet that the ranking does not name',
      is: plan([planned('a', { isProvisional: true }), b], [b, c]),
      becomes: 'b c',
    },
    {
      it: 'keeps a provisional snippet that the ranking names',
      is: plan([planned('a', { isProvisional: true }), b], [c, b, a]),
      becomes: 'a b c',
    },
    {
      it: 'keeps a wanted snippet of a changed file',
      is: plan([a, b, c], [a, b], { isUnchanged: allBut(b) }),
      becomes: 'a b c',
    },
  ];
  for (const { it: says, is, becomes } of cases) it(says, () => assert.equal(is, becomes));

  it('moves a snippet with a changed text to the end', () => {
    const changed = planned('a', { text: 'new' });
    const next = nextPlan([a, b], [changed, b], { budgetTokens: 1_000, isThere: always, isUnchanged: always });
    assert.deepEqual(
      next.map(({ snippet }) => snippet.text),
      ['text of b', 'new'],
    );
  });

  it('gives a kept snippet of a changed file the new revision', () => {
    const again = planned('a', { revision: 2 });
    assert.deepEqual(nextPlan([a, b], [again], { budgetTokens: 1_000, isThere: always, isUnchanged: always }), [
      again,
      b,
    ]);
  });

  it('never has the same lines of a file twice', () => {
    const shifted = planned('a', { startLine: 5, endLine: 14 });
    assert.deepEqual(nextPlan([a, b], [shifted, b], { budgetTokens: 1_000, isThere: always, isUnchanged: always }), [
      b,
      shifted,
    ]);
  });

  it('keeps an edit and a body of the same lines if both are wanted', () => {
    const edit = planned('a', { kind: 'edit', startLine: 5, endLine: 14 });
    const options = { budgetTokens: 1_000, isThere: always, isUnchanged: always };
    const first = nextPlan([a, b], [a, b, edit], options);
    assert.deepEqual(first, [a, b, edit]);
    assert.deepEqual(nextPlan(first, [a, b, edit], options), first);
  });

  it('keeps an edit and a body that begin with the same line', () => {
    const ranked = [a, planned('a', { kind: 'edit', text: 'an edit' }), b];
    const options = { budgetTokens: 1_000, isThere: always, isUnchanged: always };
    const first = nextPlan([], ranked, options);
    assert.equal(first.length, 3);
    assert.deepEqual(nextPlan(first, ranked, options), first);
  });

  it('shares a start that commonLength counts', () => {
    assert.equal(commonLength([a, b, c], [a, b, d]), 2);
    assert.equal(commonLength([a, b], [planned('a', { text: 'new' }), b]), 0);
  });
});

describe('affordable', () => {
  const cases: readonly {
    readonly it: string;
    readonly read: readonly PlannedSnippet[];
    readonly spare: number;
    readonly is: string;
  }[] = [
    { it: 'keeps the evaluated start even without spare tokens', read: [a, b], spare: 0, is: 'a b' },
    { it: 'adds snippets from the end', read: [a], spare: 2 * TOKENS, is: 'a c d' },
    { it: 'ignores evaluated snippets that are not at the start', read: [b, c], spare: TOKENS, is: 'd' },
    { it: 'returns the whole plan if there is room', read: [], spare: 4 * TOKENS, is: 'a b c d' },
  ];
  for (const { it: says, read, spare, is } of cases)
    it(says, () => assert.equal(names(affordable([a, b, c, d], read, spare)), is));
});

describe('affordableAfter', () => {
  const cases: readonly {
    readonly it: string;
    readonly plan: readonly PlannedSnippet[];
    readonly spare?: number;
    readonly budget?: number;
    readonly is: string;
  }[] = [
    {
      it: 'keeps evaluated snippets and adds the end of the plan',
      plan: [a, b, c, d, e],
      spare: TOKENS,
      is: 'a b c e',
    },
    { it: 'keeps evaluated snippets up to the last wanted one', plan: [b, d], spare: 0, is: 'a b' },
    { it: 'keeps no evaluated snippet if none is wanted', plan: [d, e], spare: TOKENS, is: 'e' },
    { it: 'puts the new text of a snippet last', plan: [planned('a', { text: 'new' }), b], is: 'a b a' },
    { it: 'drops evaluated snippets to make room', plan: [a, b, c, d], spare: TOKENS, budget: 3 * TOKENS, is: 'a b d' },
    {
      it: 'makes room down to the last wanted snippet',
      plan: [a, c, d],
      spare: TOKENS,
      budget: 3 * TOKENS,
      is: 'a d',
    },
    { it: 'stays within the budget', plan: [a, b, c, d], budget: TOKENS, is: 'd' },
  ];
  for (const { it: says, plan: own, spare = 9 * TOKENS, budget = 9 * TOKENS, is } of cases) {
    it(says, () =>
      assert.equal(names(affordableAfter([a, b, c], own, { spareTokens: spare, budgetTokens: budget })), is),
    );
  }
});

describe('chooseSnippets', () => {
  it('takes signatures up to half of the budget first, then bodies, and edits last', () => {
    const signatures = ['s1', 's2', 's3'].map((name) => planned(name, { kind: 'signatures' }));
    const edit = planned('edit', { kind: 'edit', tokens: 50 });
    assert.equal(names(chooseSnippets([edit, a, b, ...signatures], 450)), 'b a s2 s1 edit');
  });

  it('gives signatures the tokens that bodies leave', () => {
    assert.equal(
      names(
        chooseSnippets(
          ['s1', 's2', 's3'].map((name) => planned(name, { kind: 'signatures' })),
          300,
        ),
      ),
      's3 s2 s1',
    );
  });

  it('skips a snippet that is too large', () => {
    assert.equal(names(chooseSnippets([planned('large', { tokens: 900 }), a], 300)), 'a');
  });
});
