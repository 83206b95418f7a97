import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OffsetChange } from '../../../extension/edits/trackedRange.ts';
import { NextEditQueue, type PendingEdit } from '../../../extension/nextEdits/nextEditQueue.ts';

const URI = 'file:///project/a.ts';
const OTHER = 'file:///project/b.ts';
const CURSOR = { uri: URI, offset: 50 };
const RANDOM_EDITS = 10_000;
const EDITS_PER_DOCUMENT = 10;

const edit = (start: number, end = start + 5, uri = URI): PendingEdit => ({
  uri,
  start,
  end,
  oldText: 'total'.slice(0, end - start),
  newText: 'sum',
});
const change = (rangeOffset: number, rangeLength: number, text: string): OffsetChange => ({
  rangeOffset,
  rangeLength,
  text,
});

function queueOf(...edits: readonly PendingEdit[]): NextEditQueue {
  const queue = new NextEditQueue();
  queue.fill(edits, CURSOR);
  return queue;
}

describe('the queue of next edits', () => {
  it('begins behind the cursor, goes on before it, and ends in other documents', () => {
    const queue = queueOf(edit(10, 15, OTHER), edit(10), edit(90), edit(60));
    assert.deepEqual(queue.edits, [edit(60), edit(90), edit(10), edit(10, 15, OTHER)]);
    assert.deepEqual(queue.take(), edit(60));
    assert.deepEqual(queue.current, edit(90));
  });

  const cases: readonly [name: string, changes: readonly OffsetChange[], expected: readonly PendingEdit[]][] = [
    ['moves a change behind typed text', [change(0, 0, 'abc')], [edit(63)]],
    ['moves it back behind removed text', [change(2, 4, '')], [edit(56)]],
    ['follows several cursors', [change(70, 0, 'z'), change(3, 0, 'yy')], [edit(62)]],
    ['keeps a change before typed text', [change(66, 0, 'x')], [edit(60)]],
    ['drops a change that typed text overlaps', [change(62, 0, 'x')], []],
    ['drops a change that typed text touches at its start', [change(60, 0, 'x')], []],
    ['drops a change that typed text touches at its end', [change(65, 0, 'x')], []],
    ['drops a change that removed text touches', [change(58, 2, '')], []],
    ['drops all changes of a replaced document', [change(0, 200, 'new')], []],
  ];
  for (const [name, changes, expected] of cases)
    it(name, () => {
      const queue = queueOf(edit(60));
      queue.follow(URI, changes);
      assert.deepEqual(queue.edits, expected);
    });

  it('ignores changes of other documents', () => {
    const queue = queueOf(edit(60));
    queue.follow(OTHER, [change(60, 3, '')]);
    assert.deepEqual(queue.edits, [edit(60)]);
  });

  it('leaves out what the user dismissed, wherever it stands now', () => {
    const queue = queueOf(edit(60));
    queue.dismiss(queue.edits);
    queue.fill([edit(80), { ...edit(90), newText: 'count' }], CURSOR);
    assert.deepEqual(queue.edits, [{ ...edit(90), newText: 'count' }]);
  });

  it('follows the typing of its shown insertion, and moves the others', () => {
    const insertion: PendingEdit = { uri: URI, start: 60, end: 60, oldText: '', newText: ', height' };
    const shown = { offset: 60, text: ', height' };
    const queue = queueOf(insertion, edit(90));
    assert.equal(queue.typeOver(shown, [change(60, 0, 'x')]), undefined);
    assert.equal(queue.typeOver(shown, [change(61, 0, ', ')]), undefined);
    assert.deepEqual(queue.edits, [insertion, edit(90)]);
    const rest = { ...insertion, start: 62, end: 62, newText: 'height' };
    assert.deepEqual(queue.typeOver(shown, [change(60, 0, ', ')]), rest);
    assert.deepEqual(queue.edits, [rest, edit(92)]);
    // VS Code accepts the rest together with the text between the cursor and its place.
    assert.equal(queue.typeOver({ offset: 62, text: 'height' }, [change(59, 3, '2, height')]), 'done');
    assert.deepEqual(queue.edits, [edit(98)]);
  });

  it(`follows ${RANDOM_EDITS} random edits as a model does in which every character has an identity`, () => {
    const random = randomNumbers(1);
    let document = randomDocument(random);
    let kept = 0;
    const queue = new NextEditQueue();
    for (let step = 0; step < RANDOM_EDITS; step++) {
      if (step % EDITS_PER_DOCUMENT === 0) {
        document = randomDocument(random);
        queue.fill(
          document.pending.map(({ edit: pending }) => pending),
          CURSOR,
        );
      }
      const changes = randomChanges(document.characters.length, random);
      queue.follow(URI, changes);
      document = changed(document, changes);
      const expected = document.pending.map(({ edit: pending, first }) => {
        const start = document.characters.findIndex(({ id }) => id === first) + 1;
        return { ...pending, start, end: start + pending.oldText.length };
      });
      assert.deepEqual(inOrder(queue.edits), inOrder(expected));
      const text = document.characters.map(({ unit }) => unit).join('');
      for (const { start, end, oldText } of queue.edits) assert.equal(text.slice(start, end), oldText);
      kept += expected.length;
    }
    assert.ok(kept > RANDOM_EDITS, `${kept} changes lived on`);
  });
});

interface Character {
  readonly id: number;
  readonly unit: string;
}

interface ModelDocument {
  readonly characters: readonly Character[];
  /** Each change, and the characters from the one before it to the one behind it. */
  readonly pending: readonly { readonly edit: PendingEdit; readonly first: number; readonly ids: readonly number[] }[];
}

let lastId = 0;
const charactersOf = (text: string): Character[] => Array.from(text, (unit) => ({ id: (lastId += 1), unit }));

function randomDocument(random: (limit: number) => number): ModelDocument {
  const text = Array.from({ length: 200 }, () => 'ab \n'[random(4)]).join('');
  const characters = charactersOf(text);
  const pending = [20, 60, 100, 101, 140, 180].map((start, index) => {
    const end = start + random(5);
    const ids = characters.slice(start - 1, end + 1).map(({ id }) => id);
    return {
      edit: { uri: URI, start, end, oldText: text.slice(start, end), newText: `change ${index}` },
      first: ids[0] ?? 0,
      ids,
    };
  });
  return { characters, pending };
}

/** Applies the changes, and keeps the suggested changes whose characters still stand side by side. */
function changed({ characters, pending }: ModelDocument, changes: readonly OffsetChange[]): ModelDocument {
  const after = [...characters];
  for (const { rangeOffset, rangeLength, text } of changes.toSorted((a, b) => b.rangeOffset - a.rangeOffset))
    after.splice(rangeOffset, rangeLength, ...charactersOf(text));
  const isWhole = (ids: readonly number[]): boolean => {
    const start = after.findIndex(({ id }) => id === ids[0]);
    return start >= 0 && ids.every((id, index) => after[start + index]?.id === id);
  };
  return { characters: after, pending: pending.filter(({ ids }) => isWhole(ids)) };
}

/** One or two changes that do not touch each other, in any order. None of them changes nothing. */
function randomChanges(length: number, random: (limit: number) => number): readonly OffsetChange[] {
  const half = Math.floor(length / 2);
  const areas = [
    [0, half - 1],
    [half + 1, length],
  ] as const;
  const changes = areas.map(([from, to]) => {
    const rangeOffset = from + random(to - from);
    const rangeLength = Math.min(random(4), to - rangeOffset);
    return change(rangeOffset, rangeLength, 'xyz'.slice(0, random(4)) || (rangeLength === 0 ? 'x' : ''));
  });
  const first = random(2);
  return random(2) === 0 ? changes.slice(first, first + 1) : changes.toSorted(() => random(2) - 0.5);
}

const inOrder = (edits: readonly PendingEdit[]): readonly PendingEdit[] =>
  edits.toSorted((a, b) => (a.newText < b.newText ? -1 : 1));

/** Returns a generator of whole numbers below a limit, always the same for a seed. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
