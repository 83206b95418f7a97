import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BatchStream, type PackedSequence, type StreamOptions, type Tokenizer } from '../../../sidecar/train/batchStream.ts';

const EOS = 0;
/** A token a byte. */
const bytes: Tokenizer = { tokenize: (text) => [...Buffer.from(text)], tokenBytes: () => 1, bos: undefined, eos: EOS };
const options: StreamOptions = { sequenceTokens: 240, fimShare: 1, fimLoss: 'middle', fimMarks: {}, seed: 1 };
/** Every line is another, so that places can be told from texts. */
const texts = Array.from({ length: 12 }, (_, text) => Array.from({ length: 5 + text * 3 }, (_, line) => `const value${text}x${line} = f(${line}) + ${text};\n`).join(''));

function take(stream: BatchStream, count: number): PackedSequence[] {
  return Array.from({ length: count }, () => stream.next());
}

/** What stands between two beginnings of one sequence, with the part of it that counts. */
function documents({ tokens, weights, starts }: PackedSequence): { text: string; counted: string }[] {
  const places = [...new Set([0, ...starts, tokens.length])].sort((a, b) => a - b);
  return places.slice(0, -1).map((start, index) => {
    const part = tokens.subarray(start, places[index + 1]);
    return { text: Buffer.from(part).toString(), counted: Buffer.from(part.filter((_, place) => start + place > 0 && weights[start + place - 1] === 1)).toString() };
  });
}

describe('a stream of texts with gaps', () => {
  const whole = texts.join('');

  test('puts all that is around a gap into one sequence: what follows, an empty line, what precedes, and the middle to its end', () => {
    let gaps = 0;
    for (const sequence of take(new BatchStream(texts, bytes, options), 60)) {
      assert.equal(sequence.tokens.length, options.sequenceTokens + 1);
      for (const { text, counted } of documents(sequence)) {
        if (!text.endsWith('\0') || !counted.endsWith('\0') || counted.length === text.length) continue;
        gaps++;
        const middle = counted.slice(0, -1);
        const [following, before] = text.includes('\n\n') ? (text.slice(0, -1).split('\n\n') as [string, string]) : ['', text.slice(0, -1)];
        assert.ok(before.endsWith(middle));
        assert.ok(whole.includes(before), `not in the texts: ${before}`);
        assert.ok(following === '' || whole.includes(`${before}\n${following}`), `${JSON.stringify(following)} does not follow ${JSON.stringify(before)}`);
      }
    }
    assert.ok(gaps > 30, `${gaps} gaps`);
  });

  test('takes every text once an epoch, also those longer than a sequence', () => {
    const stream = new BatchStream(texts, bytes, { ...options, fimShare: 1e-9 });
    let read = '';
    // A sequence begins with the last token of the one before.
    while (stream.epoch === 0) read += Buffer.from(stream.next().tokens.subarray(read === '' ? 0 : 1)).toString();
    for (const text of texts) assert.equal(read.split(text).length, 2);
  });

  test('goes on from its state as if it had never stopped, in the middle of a text too', () => {
    const mixed = { ...options, fimShare: 0.5 };
    for (const before of [1, 7, 20]) {
      const stream = new BatchStream(texts, bytes, mixed);
      take(stream, before);
      const state = JSON.parse(JSON.stringify(stream.state)) as typeof stream.state;
      assert.deepEqual(take(new BatchStream(texts, bytes, mixed, state), 15), take(stream, 15));
    }
  });
});
