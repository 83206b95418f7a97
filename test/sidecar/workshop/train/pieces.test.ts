import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PieceOrder, type Piece } from '../../../../sidecar/workshop/train/pieces.ts';

const UNITS = 100;
const lines = (name: string, count: number): string =>
  Array.from({ length: count }, (_, line) => `${name} says ${line} of it\n`).join('');
const texts = [
  lines('long', 200),
  lines('short', 2),
  'x'.repeat(950),
  '🙂'.repeat(333),
  lines('middle', 30),
  'no end of line',
];

const open = (seed = 1): PieceOrder => new PieceOrder(texts, { units: UNITS, seed });
const textOf = ({ text, start, end }: Piece): string => (texts[text] as string).slice(start, end);

/** All pieces of an epoch. `use` may give rests back. The first piece of the next epoch has been taken as well. */
function takeEpoch(order: PieceOrder, use: (piece: Piece) => void = () => undefined): Piece[] {
  const { epoch } = order;
  const pieces: Piece[] = [];
  for (let piece = order.next(); order.epoch === epoch; piece = order.next()) {
    pieces.push(piece);
    use(piece);
  }
  return pieces;
}

describe('PieceOrder', () => {
  test('covers every text once per epoch', () => {
    const pieces = takeEpoch(open());
    for (const [index, text] of texts.entries()) {
      assert.equal(
        pieces
          .filter((piece) => piece.text === index)
          .sort((a, b) => a.start - b.start)
          .map(textOf)
          .join(''),
        text,
      );
    }
  });

  test('starts pieces at lines with about the requested length, except last pieces and long lines', () => {
    for (const piece of takeEpoch(open())) {
      const text = texts[piece.text] as string;
      const { length } = textOf(piece);
      assert.ok(length <= 1.5 * UNITS, `${length} units`);
      if (piece.end < text.length) assert.ok(length > UNITS / 2 && length <= UNITS + 1, `${length} units`);
      if (text.includes('\n')) assert.ok(piece.start === 0 || text[piece.start - 1] === '\n');
      assert.doesNotMatch(textOf(piece), /^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/);
    }
  });

  test('has another random order for each epoch and seed', () => {
    const order = open();
    const [first, second] = [takeEpoch(order), takeEpoch(order)];
    assert.deepEqual(takeEpoch(open()), first);
    assert.notDeepEqual(takeEpoch(open(2)), first);
    assert.notDeepEqual(second.slice(0, 20), first.slice(1, 21));
    const followers = first.filter(
      (piece, index) => piece.text === first[index - 1]?.text && piece.start === first[index - 1]?.end,
    ).length;
    assert.ok(followers < first.length / 5, `${followers} of ${first.length} pieces follow the one before them`);
  });

  test('returns unused rests in the same epoch, from the cut line on', () => {
    const order = open();
    const read = texts.map((text) => new Uint8Array(text.length));
    takeEpoch(order, (piece) => {
      const taken = Math.min(70, piece.end - piece.start);
      read[piece.text]?.fill(1, piece.start, piece.start + taken);
      order.giveBack(piece, taken);
    });
    for (const [index, text] of texts.entries())
      assert.equal(read[index]?.indexOf(0), -1, `a part of ${JSON.stringify(text.slice(0, 20))} was not read`);
  });

  test('takes pieces as often as their weights say, on average over epochs', () => {
    const weights = [1, 2.5, 0.25, 3, 1, 0];
    const order = new PieceOrder(texts, { units: UNITS, seed: 1, weightOf: ({ text }) => weights[text] as number });
    const counts = texts.map(() => 0);
    const epochs = 60;
    while (order.epoch < epochs) {
      const { text } = order.next();
      counts[text] = (counts[text] as number) + 1;
    }
    const pieces = texts.map((_, text) => takeEpoch(open()).filter((piece) => piece.text === text).length);
    for (const [text, weight] of weights.entries()) {
      const mean = (counts[text] as number) / epochs / (pieces[text] as number);
      assert.ok(Math.abs(mean - weight) < 0.15, `text ${text} of weight ${weight} came ${mean} times per epoch`);
    }
  });

  test('covers a text of weight 1 or more in every epoch', () => {
    const order = new PieceOrder(texts, { units: UNITS, seed: 1, weightOf: ({ start }) => (start === 0 ? 1.5 : 1) });
    const pieces = takeEpoch(order).filter(({ text }) => text === 0);
    const distinct = new Map(pieces.map((piece) => [piece.start, piece]));
    const covered = [...distinct.values()].sort((a, b) => a.start - b.start).map(textOf);
    assert.equal(covered.join(''), texts[0]);
  });

  test('takes all pieces if no weight brings any', () => {
    const order = new PieceOrder(texts, { units: UNITS, seed: 1, weightOf: () => 0 });
    assert.equal(takeEpoch(order).length, takeEpoch(open()).length);
  });

  for (const before of [0, 5, 40, 90]) {
    const weightOf = ({ text }: Piece): number => 1 + text / 4;
    test(`continues exactly from its state after ${before}`, () => {
      const take = (order: PieceOrder, count: number): Piece[] =>
        Array.from({ length: count }, () => {
          const piece = order.next();
          order.giveBack(piece, 80);
          return piece;
        });
      const options = { units: UNITS, seed: 1, weightOf };
      const order = new PieceOrder(texts, options);
      take(order, before);
      const state = JSON.parse(JSON.stringify(order.state)) as typeof order.state;
      assert.deepEqual(take(new PieceOrder(texts, options, state), 150), take(order, 150));
    });
  }
});
