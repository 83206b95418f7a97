import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { applyDecodingRules } from '../../../sidecar/speech/decodingRules.ts';
import { joinWindow } from '../../../sidecar/speech/joinWindow.ts';
import { SpeechTokens } from '../../../sidecar/speech/speechTokens.ts';
import { readWhisperFile } from '../../../sidecar/speech/whisperFile.ts';
import { fetchCTranslate2Model, whisperModel } from '../../reference/whisperModel.ts';

let tokens: SpeechTokens;
before(async () => {
  tokens = new SpeechTokens(await readWhisperFile(await whisperModel()));
});

/** The timestamp of a time in seconds. */
const at = (seconds: number): number => tokens.firstTimestamp + Math.round(seconds / 0.02);

describe('SpeechTokens', () => {
  it("suppresses the same tokens as Whisper's own code", async () => {
    const config = JSON.parse(await readFile(path.join(await fetchCTranslate2Model(), 'config.json'), 'utf8')) as {
      suppress_ids: number[];
      suppress_ids_begin: number[];
    };
    assert.deepEqual([...tokens.suppressed], config.suppress_ids);
    assert.deepEqual([...tokens.blank], config.suppress_ids_begin);
  });

  it('numbers control tokens as Whisper does, in English and multilingual models', async () => {
    assert.deepEqual(
      [
        tokens.end,
        tokens.start,
        tokens.transcribe,
        tokens.previous,
        tokens.noSpeech,
        tokens.noTimestamps,
        tokens.firstTimestamp,
      ],
      [50_256, 50_257, 50_358, 50_360, 50_361, 50_362, 50_363],
    );
    const { hyperparameters, vocabulary } = await readWhisperFile(await whisperModel());
    const expected = {
      51_865: { languages: 99, task: [50_258, 50_358, 50_359, 50_364] },
      51_866: { languages: 100, task: [50_258, 50_359, 50_360, 50_365] },
    };
    for (const [vocabularySize, { languages, task }] of Object.entries(expected)) {
      const multilingual = new SpeechTokens({
        hyperparameters: { ...hyperparameters, vocabularySize: Number(vocabularySize) },
        vocabulary,
      });
      assert.equal(multilingual.languages.length, languages);
      assert.deepEqual(
        [multilingual.start, multilingual.translate, multilingual.transcribe, multilingual.firstTimestamp],
        task,
      );
      assert.equal(multilingual.language('de'), 50_261);
    }
  });

  it('turns text tokens to text, and skips control tokens', () => {
    assert.equal(tokens.text([tokens.start, at(0), 3406, 869, 2314, at(1), tokens.end]), ' Your call cannot');
  });
});

describe('decoding rules:', () => {
  /** The likeliest of these tokens by the rules. */
  function choice(sampled: readonly number[], likely: Readonly<Record<number, number>>): number {
    const logits = new Float32Array(51_864).fill(-20);
    for (const [token, logit] of Object.entries(likely)) logits[Number(token)] = logit;
    applyDecodingRules(logits, sampled, tokens);
    return logits.indexOf(logits.reduce((most, logit) => Math.max(most, logit), -Infinity));
  }
  const [word, other] = [3406, 869];

  it('a timestamp of the first second comes first', () => {
    assert.equal(choice([], { [word]: 5, [at(0.4)]: 1, [at(1.02)]: 4 }), at(0.4));
  });
  it('a word follows a single timestamp', () => {
    assert.equal(choice([at(0)], { [word]: 1, [at(2)]: 5 }), word);
  });
  it("a timestamp or the end follows a segment's last timestamp", () => {
    assert.equal(choice([at(0), word, at(2)], { [word]: 9, [at(2)]: 5, [at(1.98)]: 7 }), at(2));
    assert.equal(choice([at(0), word, at(2)], { [word]: 9, [tokens.end]: 5 }), tokens.end);
  });
  it('no timestamp goes back, or ends an empty segment', () => {
    assert.equal(choice([at(1), word], { [at(0.5)]: 9, [at(1)]: 8, [other]: 5 }), other);
  });
  it('a timestamp follows if all together are likelier than any word', () => {
    assert.equal(choice([at(0), word], { [other]: 5, [at(2)]: 4.5, [at(2.02)]: 4.4 }), at(2));
    assert.equal(choice([at(0), word], { [other]: 5, [at(2)]: 4, [at(2.02)]: 3 }), other);
  });
  it('symbols for sounds never follow', () => {
    const bracket = tokens.suppressed[20] as number;
    assert.equal(choice([at(0)], { [bracket]: 9, [word]: 1 }), word);
  });
});

describe('joinWindow', () => {
  const join = (decoded: readonly number[]) => {
    const { segments, nextSeconds } = joinWindow({ tokens: decoded }, tokens, 30);
    return {
      segments: segments.map(({ start, end, tokens: of }) => [start, end, of.filter((token) => tokens.isText(token))]),
      nextSeconds,
    };
  };
  it('finishes a window with one segment', () => {
    assert.deepEqual(join([at(0), 1, 2, at(2.5)]), { segments: [[0, 2.5, [1, 2]]], nextSeconds: 30 });
  });
  it('finishes a window whose last segment ends inside it', () => {
    assert.deepEqual(join([at(0), 1, at(2), at(2), 2, at(4)]), {
      segments: [
        [0, 2, [1]],
        [2, 4, [2]],
      ],
      nextSeconds: 30,
    });
  });
  it('continues behind the last whole segment if the next was cut', () => {
    assert.deepEqual(join([at(0), 1, at(20), at(21), 2]), { segments: [[0, 20, [1]]], nextSeconds: 20 });
    assert.deepEqual(join([at(0), 1, at(20), at(20)]), { segments: [[0, 20, [1]]], nextSeconds: 20 });
  });
  it('takes a segment without end as long as the sound', () => {
    assert.deepEqual(join([at(0), 1]), { segments: [[0, 30, [1]]], nextSeconds: 30 });
  });
  it('always advances', () => {
    assert.ok(join([at(0), 1, at(0.02), at(0.02), 2]).nextSeconds >= 1);
  });
});
