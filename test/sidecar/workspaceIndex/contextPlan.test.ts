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

describe('a plan', () => {
  const cases: readonly { readonly it: string; readonly is: string; readonly becomes: string }[] = [
    { it: 'begins with the best last', is: plan([], [a, b, c]), becomes: 'c b a' },
    { it: 'stays in its order when the ranking changes', is: plan([a, b, c], [c, b, a]), becomes: 'a b c' },
    { it: 'keeps what no ranking wants while there is room', is: plan([a, b], [b, c]), becomes: 'a b c' },
    { it: 'takes what is new at its end', is: plan([b, c], [a, b, c]), becomes: 'b c a' },
    { it: 'makes room from the end, by what is wanted no more', is: plan([a, b, c], [d, a]), becomes: 'a b d' },
    { it: 'leaves what is wanted in its place, whatever goes', is: plan([a, b, c], [d, c, e]), becomes: 'c e d' },
    {
      it: 'shrinks from its end with its budget',
      is: plan([a, b, c], [a, b, c], { budgetTokens: 2 * TOKENS }),
      becomes: 'a b',
    },
    { it: 'loses what is deleted', is: plan([a, b, c], [a, c], { isThere: allBut(b) }), becomes: 'a c' },
    {
      it: 'loses what no ranking finds any more since its file changed',
      is: plan([a, b, c], [a, c], { isUnchanged: allBut(b) }),
      becomes: 'a c',
    },
    {
      it: 'loses what was chosen of half an index and is not found in the whole',
      is: plan([planned('a', { isProvisional: true }), b], [b, c]),
      becomes: 'b c',
    },
    {
      it: 'keeps what was chosen of half an index and is found again',
      is: plan([planned('a', { isProvisional: true }), b], [c, b, a]),
      becomes: 'a b c',
    },
    {
      it: 'keeps what is found again in a file that changed',
      is: plan([a, b, c], [a, b], { isUnchanged: allBut(b) }),
      becomes: 'a b c',
    },
  ];
  for (const { it: says, is, becomes } of cases) it(says, () => assert.equal(is, becomes));

  it('puts a piece whose text changed to its end, with the new text', () => {
    const changed = planned('a', { text: 'new' });
    const next = nextPlan([a, b], [changed, b], { budgetTokens: 1_000, isThere: always, isUnchanged: always });
    assert.deepEqual(
      next.map(({ snippet }) => snippet.text),
      ['text of b', 'new'],
    );
  });

  it('has a piece that is found again in a changed file as of its new text', () => {
    const again = planned('a', { revision: 2 });
    assert.deepEqual(nextPlan([a, b], [again], { budgetTokens: 1_000, isThere: always, isUnchanged: always }), [
      again,
      b,
    ]);
  });

  it('never holds the same lines of a file twice', () => {
    const shifted = planned('a', { startLine: 5, endLine: 14 });
    assert.deepEqual(nextPlan([a, b], [shifted, b], { budgetTokens: 1_000, isThere: always, isUnchanged: always }), [
      b,
      shifted,
    ]);
  });

  it('stays as it is where pieces of the same lines are wanted both: an edit, and what is like the place', () => {
    const edit = planned('a', { kind: 'edit', startLine: 5, endLine: 14 });
    const options = { budgetTokens: 1_000, isThere: always, isUnchanged: always };
    const first = nextPlan([a, b], [a, b, edit], options);
    assert.deepEqual(first, [a, b, edit]);
    assert.deepEqual(nextPlan(first, [a, b, edit], options), first);
  });

  it('stays as it is where an edit begins with the line with which a piece of its file begins', () => {
    const ranked = [a, planned('a', { kind: 'edit', text: 'an edit' }), b];
    const options = { budgetTokens: 1_000, isThere: always, isUnchanged: always };
    const first = nextPlan([], ranked, options);
    assert.equal(first.length, 3);
    assert.deepEqual(nextPlan(first, ranked, options), first);
  });

  it('is the same up to the first change', () => {
    assert.equal(commonLength([a, b, c], [a, b, d]), 2);
    assert.equal(commonLength([a, b], [planned('a', { text: 'new' }), b]), 0);
  });
});

describe('what of a plan is affordable', () => {
  const cases: readonly {
    readonly it: string;
    readonly read: readonly PlannedSnippet[];
    readonly spare: number;
    readonly is: string;
  }[] = [
    { it: 'is what the engine has read at its start, whatever may be spared', read: [a, b], spare: 0, is: 'a b' },
    { it: 'is of the rest what stands last', read: [a], spare: 2 * TOKENS, is: 'a c d' },
    { it: 'is nothing of what was read elsewhere', read: [b, c], spare: TOKENS, is: 'd' },
    { it: 'is all where there is room', read: [], spare: 4 * TOKENS, is: 'a b c d' },
  ];
  for (const { it: says, read, spare, is } of cases)
    it(says, () => assert.equal(names(affordable([a, b, c, d], read, spare)), is));
});

describe('what is affordable in a document that the user comes to', () => {
  const cases: readonly {
    readonly it: string;
    readonly plan: readonly PlannedSnippet[];
    readonly spare?: number;
    readonly budget?: number;
    readonly is: string;
  }[] = [
    {
      it: 'is what is read, and of its own plan what stands last',
      plan: [a, b, c, d, e],
      spare: TOKENS,
      is: 'a b c e',
    },
    { it: 'is what is read up to what it wants too', plan: [b, d], spare: 0, is: 'a b' },
    { it: 'is nothing of what is read where it wants none of it', plan: [d, e], spare: TOKENS, is: 'e' },
    { it: 'has the new text of a piece last', plan: [planned('a', { text: 'new' }), b], is: 'a b a' },
    { it: 'has room for what is new', plan: [a, b, c, d], spare: TOKENS, budget: 3 * TOKENS, is: 'a b d' },
    {
      it: 'makes room to the last piece that it wants too',
      plan: [a, c, d],
      spare: TOKENS,
      budget: 3 * TOKENS,
      is: 'a d',
    },
    { it: 'is no more than its budget', plan: [a, b, c, d], budget: TOKENS, is: 'd' },
  ];
  for (const { it: says, plan: own, spare = 9 * TOKENS, budget = 9 * TOKENS, is } of cases) {
    it(says, () =>
      assert.equal(names(affordableAfter([a, b, c], own, { spareTokens: spare, budgetTokens: budget })), is),
    );
  }
});

describe('a choice of snippets', () => {
  it('takes signatures up to half of the budget first, then bodies, and edits last', () => {
    const signatures = ['s1', 's2', 's3'].map((name) => planned(name, { kind: 'signatures' }));
    const edit = planned('edit', { kind: 'edit', tokens: 50 });
    assert.equal(names(chooseSnippets([edit, a, b, ...signatures], 450)), 'b a s2 s1 edit');
  });

  it('gives signatures what bodies leave', () => {
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

  it('passes over what is too large for the rest', () => {
    assert.equal(names(chooseSnippets([planned('large', { tokens: 900 }), a], 300)), 'a');
  });
});
