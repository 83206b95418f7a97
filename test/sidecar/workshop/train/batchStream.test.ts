import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  BatchStream,
  type PackedSequence,
  type StreamOptions,
  type Tokenizer,
} from '../../../../sidecar/workshop/train/batchStream.ts';

const EOS = 0;
/** A token per byte. */
const bytes: Tokenizer = { tokenize: (text) => [...Buffer.from(text)], tokenBytes: () => 1, bos: undefined, eos: EOS };
const options: StreamOptions = { sequenceTokens: 240, fimShare: 1, fimLoss: 'middle', fimMarks: {}, seed: 1 };
const plain: StreamOptions = { ...options, fimShare: 0, fimLoss: 'all' };
/** All lines differ, so that positions can be found in texts. */
const texts = Array.from({ length: 12 }, (_, text) =>
  Array.from({ length: 5 + text * 6 }, (_, line) => `const value${text}x${line} = f(${line}) + ${text};\n`).join(''),
);
const whole = texts.join('');

function take(stream: BatchStream, count: number): PackedSequence[] {
  return Array.from({ length: count }, () => stream.next());
}

/** The documents of a sequence, each with the weights of its tokens. */
function documents({ tokens, weights, starts }: PackedSequence): { text: string; counts: number[] }[] {
  const places = [...new Set([0, ...starts, tokens.length])].sort((a, b) => a - b);
  return places.slice(0, -1).map((start, index) => {
    const end = places[index + 1] as number;
    return {
      text: Buffer.from(tokens.subarray(start, end)).toString(),
      counts: Array.from({ length: end - start }, (_, place) =>
        start + place === 0 ? 0 : (weights[start + place - 1] as number),
      ),
    };
  });
}

describe('a stream of texts', () => {
  test('begins sequences with a line and continues with the following lines', () => {
    for (const sequence of take(new BatchStream(texts, bytes, plain), 40)) {
      assert.equal(sequence.tokens.length, plain.sequenceTokens + 1);
      assert.equal(sequence.weights.length, plain.sequenceTokens);
      for (const { text } of documents(sequence)) {
        const written = text.replaceAll('\0', '');
        assert.ok(whole.includes(written) && /^(const|$)/.test(written), JSON.stringify(written));
      }
    }
  });

  test('reads every line in every epoch, and few of them twice', () => {
    const epochs = 3;
    const stream = new BatchStream(texts, bytes, plain);
    const read: string[] = [];
    while (stream.epoch < epochs) read.push(...documents(stream.next()).flatMap(({ text }) => text.split(/[\n\0]/)));
    const counts = whole
      .trimEnd()
      .split('\n')
      .map((line) => read.filter((one) => one === line).length);
    assert.ok(Math.min(...counts) >= epochs, `a line was read ${Math.min(...counts)} times in ${epochs} epochs`);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    assert.ok(mean < 1.4 * epochs, `lines were read ${mean} times in ${epochs} epochs`);
  });

  for (const unitsPerToken of [1, 2.7, 4.5]) {
    test(`reads few lines twice if a token has ${unitsPerToken} units`, () => {
      // Tokens with this many bytes on average.
      const sized: Tokenizer = {
        ...bytes,
        tokenize: (text) => {
          const tokens: number[] = [];
          for (let end = 0, at = 0; end < text.length; at = end)
            tokens.push(
              (end = Math.min(text.length, Math.max(at + 1, Math.floor((tokens.length + 1) * unitsPerToken)))) - at,
            );
          return tokens;
        },
        tokenBytes: (token) => token,
      };
      const long = Array.from({ length: 20 }, (_, text) => `line ${text} of a long text\n`.repeat(400));
      const stream = new BatchStream(long, sized, { ...plain, sequenceTokens: 128 });
      let read = 0;
      while (stream.epoch === 0) read += stream.next().tokens.reduce((sum, token) => sum + token, 0);
      const units = long.join('').length;
      assert.ok(read > 0.97 * units && read < 1.25 * units, `${read} units were read of ${units}`);
    });
  }

  test('covers many texts in few steps, even if one is long', () => {
    const long = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((letter) => `${letter.repeat(30)}\n`.repeat(200));
    const letters = new Set(take(new BatchStream(long, bytes, plain), 24).map(({ tokens }) => tokens[0]));
    assert.ok(letters.size >= 6, `${letters.size} of 8 texts in 24 sequences`);
  });

  test('ends a text with its token, and leaves short rests empty', () => {
    const short = Array.from({ length: 6 }, (_, index) => `${String(index).repeat(200)}\n`);
    for (const sequence of take(new BatchStream(short, bytes, plain), 12)) {
      const [first, rest, ...others] = documents(sequence);
      assert.deepEqual(others, []);
      assert.match(first?.text ?? '', /^(\d)\1{199}\n\0$/);
      assert.match(rest?.text ?? '', /^\0+$/);
      assert.ok(rest?.counts.every((count) => count === 0));
      assert.ok(first?.counts.slice(1).every((count) => count === 1));
    }
  });

  test('begins each text with the start token if the vocabulary has one', () => {
    const bos = 1;
    for (const sequence of take(new BatchStream(texts, { ...bytes, bos }, plain), 20)) {
      for (const { text, counts } of documents(sequence)) {
        if (text.startsWith('\0')) continue;
        assert.equal(text.charCodeAt(0), bos);
        assert.equal(counts[0], 0);
      }
    }
  });
});

describe('a stream of texts with gaps', () => {
  const middleOf = ({ text, counts }: { text: string; counts: number[] }): string =>
    Buffer.from(Buffer.from(text).filter((_, place) => (counts[place] as number) > 0)).toString();

  test('orders a gap as suffix, empty line, prefix and the whole middle in a sequence', () => {
    let gaps = 0;
    for (const sequence of take(new BatchStream(texts, bytes, options), 60)) {
      for (const document of documents(sequence)) {
        const middle = middleOf(document);
        if (!middle.endsWith('\0') || middle.length === document.text.length) continue;
        gaps++;
        const text = document.text.slice(0, -1);
        const [following, before] = text.includes('\n\n') ? (text.split('\n\n') as [string, string]) : ['', text];
        assert.ok(before.endsWith(middle.slice(0, -1)));
        assert.ok(whole.includes(before), `not in the texts: ${before}`);
        assert.ok(
          following === '' || whole.includes(`${before}\n${following}`),
          `${JSON.stringify(following)} does not follow ${JSON.stringify(before)}`,
        );
      }
    }
    assert.ok(gaps > 40, `${gaps} gaps`);
  });

  test('tokenises suffix, prefix and middle as a single text, as in completions', () => {
    // A line break and the following text form a single token.
    const joined: Tokenizer = {
      ...bytes,
      tokenize: (text) =>
        (text.match(/\n+[^\n]?|[^\n]/g) ?? []).map(
          (part) => 0x10000 * part.length + (part.codePointAt(part.length - 1) ?? 0),
        ),
      tokenBytes: (token) => token >> 16,
    };
    const separators = take(new BatchStream(texts, joined, options), 80).flatMap(({ tokens }) =>
      [...tokens].filter((token) => token >> 16 === 3),
    );
    assert.ok(
      separators.length > 20 && separators.every((token) => (token & 0xffff) === 'c'.charCodeAt(0)),
      separators.join(),
    );
  });

  test('weights the middle as requested, and the rest with 1 or 0', () => {
    // Pieces that fill a sequence always have room for a gap.
    const long = [whole];
    const counts = (changes: Partial<StreamOptions>): number[] =>
      [
        ...new Set(
          take(new BatchStream(long, bytes, { ...options, ...changes }), 20).flatMap(({ weights }) => [...weights]),
        ),
      ].sort();
    assert.deepEqual(counts({ fimLoss: 'all', fimWeight: 4 }), [0, 1, 4]);
    assert.deepEqual(counts({ fimLoss: 'all' }), [0, 1]);
    assert.deepEqual(counts({ fimLoss: 'middle', fimWeight: 3 }), [0, 3]);
  });

  test('marks the suffix and the prefix if requested', () => {
    const [suffix, prefix] = ['<', '>'].map((mark) => mark.charCodeAt(0)) as [number, number];
    let marked = 0;
    for (const sequence of take(new BatchStream(texts, bytes, { ...options, fimMarks: { suffix, prefix } }), 30)) {
      for (const { text } of documents(sequence)) if (/^<[^>]*>[^<>]+\0$/.test(text)) marked++;
    }
    assert.ok(marked > 20, `${marked} gaps`);
  });

  describe("in the model's own format", () => {
    const [prefix, suffix, middle, end] = [...Buffer.from('<>|;')] as [number, number, number, number];
    const format = { family: 'test', prefix, suffix, middle, end: [], fileHeader: undefined } as const;
    /** A token per word or other character. */
    const words: string[] = [];
    const wordTokens: Tokenizer = {
      tokenize: (text) =>
        (text.match(/\w+|\W/g) ?? []).map((word) => {
          const known = words.indexOf(word);
          return 1_000 + (known >= 0 ? known : words.push(word) - 1);
        }),
      tokenBytes: (token) => (words[token - 1_000] as string).length,
      bos: undefined,
      eos: EOS,
    };
    const written = (token: number): string => words[token - 1_000] ?? String.fromCharCode(token);

    for (const [order, pattern] of [
      ['psm', /^<(?<prefix>[^<>|]*)>(?<suffix>[^<>|]*)\|(?<middle>[^<>|]*);$/],
      ['spm', /^>(?<suffix>[^<>|]*)<(?<prefix>[^<>|]*)\|(?<middle>[^<>|]*);$/],
    ] as const) {
      test(`orders ${order}, and repeats the last token before the gap as completions do`, () => {
        const own = { ...options, fimFormat: { format: { ...format, order }, end } };
        const source = texts.map((text) => text.replaceAll(';', ''));
        const wholeSource = source.join('');
        let [gaps, repeated] = [0, 0];
        for (const { tokens, weights, starts } of take(new BatchStream(source, wordTokens, own), 30)) {
          const places = [...new Set([0, ...starts, tokens.length])].sort((a, b) => a - b);
          for (const [index, start] of places.slice(0, -1).entries()) {
            const part = [...tokens.subarray(start, places[index + 1])];
            const found = pattern.exec(part.map(written).join(''))?.groups;
            if (!found) continue;
            gaps++;
            assert.ok(wholeSource.includes(`${found['prefix']}${found['middle']}${found['suffix']}`));
            const asked = part.indexOf(middle) + 1;
            const counts = part.map((_, place) => (start + place === 0 ? 0 : weights[start + place - 1]));
            // The token before the cursor is told again, but is not learnt. All behind it is, with the mark of the end.
            if (counts[asked] === 0) repeated++;
            assert.deepEqual(
              counts.slice(0, asked),
              counts.slice(0, asked).map(() => 0),
            );
            assert.deepEqual(
              counts.slice(asked + 1),
              counts.slice(asked + 1).map(() => 1),
            );
          }
        }
        assert.ok(gaps > 10 && repeated > gaps / 3, `${gaps} gaps, ${repeated} with a repeated token`);
      });
    }
  });

  test('separates the middle from the text that a tokenizer adds at the start', () => {
    const spaced: Tokenizer = { ...bytes, tokenize: (text) => [...Buffer.from(` ${text}`)] };
    let gaps = 0;
    for (const sequence of take(new BatchStream(texts, spaced, options), 40)) {
      for (const document of documents(sequence)) {
        const middle = middleOf(document).slice(0, -1);
        if (!middleOf(document).endsWith('\0') || middle.length >= document.text.length - 2) continue;
        gaps++;
        const before = document.text.slice(0, -1).split('\n\n').at(-1) as string;
        assert.ok(before.endsWith(middle) && whole.includes(before.trimStart()));
        // Otherwise it would begin with the text before it.
        assert.doesNotMatch(middle, /^\n/);
        assert.equal(
          middle.split('\n').every((line) => whole.includes(line)),
          true,
        );
      }
    }
    assert.ok(gaps > 20, `${gaps} gaps`);
  });

  test('continues exactly from its state', () => {
    const mixed = { ...options, fimShare: 0.5 };
    for (const before of [1, 7, 20, 90]) {
      const stream = new BatchStream(texts, bytes, mixed);
      take(stream, before);
      const state = JSON.parse(JSON.stringify(stream.state)) as typeof stream.state;
      assert.deepEqual(take(new BatchStream(texts, bytes, mixed, state), 15), take(stream, 15));
    }
  });
});
