/**
 * Whisper tiny.en in Chorus's graphs beside CTranslate2, on Asterisk's recordings with their transcripts, in one run, on the same samples, greedily and by beam search:
 *
 *   npx tsx test/bench/speech.ts --python PYTHON [--every 10] [--threads N] [--write]
 *
 * PYTHON has ctranslate2 and faster-whisper. Every so manieth recording is taken. The recordings are those of Debian's asterisk-core-sounds-en-wav.
 */
import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { RECORDINGS_FOLDER } from '../../.scripts/system.ts';
import type { TranscribeParams } from '../../sidecar/protocol/engine.ts';
import { FRAME_REACH_SAMPLES } from '../../sidecar/speech/logMel.ts';
import { LocalSpeech } from '../../sidecar/speech/localSpeech.ts';
import { SoundWindow } from '../../sidecar/speech/soundWindow.ts';
import { WavFile } from '../../sidecar/speech/wavFile.ts';
import { fetchCTranslate2Model, whisperModel } from '../reference/whisperModel.ts';
import { wavBytes } from '../sidecar/speech/wavBytes.ts';
import { repositoryRoot, writeReport } from './report.ts';
import { layerErrors } from './speech/layers.ts';
import { wordErrors, wordsOf } from './speech/words.ts';

const TRANSCRIPTS = '/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz';
const LONGEST_SECONDS = 28;
/** Whose activations are compared layer by layer. */
const COMPARED_RECORDINGS = 6;
const REFERENCE = 'CTranslate2, float32';
const BEAMS = 5;
const BEAM_REFERENCE = `CTranslate2, float32, ${BEAMS} beams`;
const BEAM_ARM = `Chorus, F32, ${BEAMS} beams`;
const COMPARED_TYPES = ['F16', 'Q8_0', 'Q5_1'] as const;

interface Sample {
  readonly name: string;
  readonly file: string;
  readonly said: string;
  readonly seconds: number;
}

interface Heard {
  readonly text: string;
  readonly seconds: number;
}

const { values } = parseArgs({
  options: {
    every: { type: 'string', default: '10' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    python: { type: 'string', default: 'python3' },
    write: { type: 'boolean', default: false },
  },
});
const threads = Number(values.threads);
const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-speech-bench-'));
try {
  const samples = await prepare();
  const reference = await fetchCTranslate2Model();
  const arms: Readonly<Record<string, () => Promise<readonly Heard[]>>> = {
    [REFERENCE]: () => theirs('float32', reference, samples),
    'Chorus, F32': () => ours('F32', samples),
    'Chorus, F16': () => ours('F16', samples),
    'CTranslate2, int8': () => theirs('int8', reference, samples),
    'Chorus, Q8_0': () => ours('Q8_0', samples),
    'Chorus, Q5_1': () => ours('Q5_1', samples),
    [BEAM_REFERENCE]: () => theirs('float32', reference, samples, BEAMS),
    [BEAM_ARM]: () => ours('F32', samples, BEAMS),
  };
  const heard = new Map<string, readonly Heard[]>();
  for (const [name, run] of Object.entries(arms)) heard.set(name, await run());
  const layers = await layerErrors(COMPARED_TYPES, samples.slice(0, COMPARED_RECORDINGS).map(({ file }) => file), threads);
  await report(samples, heard, layers);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Recordings with a transcript, at 16 kHz, so that both hear the same samples. */
async function prepare(): Promise<readonly Sample[]> {
  const lines = gunzipSync(await readFile(TRANSCRIPTS)).toString('utf8').split('\n');
  const transcripts = lines.flatMap((line) => {
    const [, name, said] = /^([\w/-]+): *(.+)$/.exec(line) ?? [];
    // What stands in brackets describes a sound.
    return name && said && !/[[(]/.test(said) && wordsOf(said).length > 1 ? [{ name, said }] : [];
  });
  const samples: Sample[] = [];
  for (const { name, said } of transcripts.filter((_, index) => index % Number(values.every) === 0)) {
    const wav = await WavFile.open(path.join(RECORDINGS_FOLDER, `${name}.wav`)).catch(() => undefined);
    if (!wav || wav.durationSeconds > LONGEST_SECONDS) continue;
    const sound = await new SoundWindow({ sampleRateHz: wav.format.sampleRateHz, read: (count) => wav.read(count) }).slideTo(0, Math.floor(wav.durationSeconds * 16_000));
    await wav.close();
    const file = path.join(folder, `${name}.wav`);
    await mkdir(path.dirname(file), { recursive: true });
    const clipped = sound.samples.subarray(FRAME_REACH_SAMPLES, FRAME_REACH_SAMPLES + sound.available).map((sample) => Math.max(-1, Math.min(1, sample)));
    await writeFile(file, wavBytes([clipped]));
    samples.push({ name, file, said, seconds: sound.available / 16_000 });
  }
  return samples;
}

async function ours(type: 'F32' | 'F16' | 'Q8_0' | 'Q5_1', samples: readonly Sample[], beamSize = 1): Promise<readonly Heard[]> {
  const speech = new LocalSpeech();
  const modelPath = await whisperModel(type);
  const transcribe = async ({ file }: Sample): Promise<Heard> => {
    const params: TranscribeParams = { model: { modelPath, device: 'cpu', threads }, soundPath: file, language: 'en', temperatures: [0], beamSize, withContext: false, onlySpeech: true };
    const texts: string[] = [];
    const { elapsedSeconds } = await speech.transcribe(params, { onSegment: ({ text }) => texts.push(text) });
    return { text: texts.join(' '), seconds: elapsedSeconds };
  };
  const results: Heard[] = [];
  // The first one allocates, there as here.
  await transcribe(samples[0] as Sample);
  for (const sample of samples) results.push(await transcribe(sample));
  return results;
}

async function theirs(computeType: string, model: string, samples: readonly Sample[], beamSize = 1): Promise<readonly Heard[]> {
  const script = path.join(repositoryRoot, 'test/bench/speech/reference.py');
  const { stdout } = await execa(values.python, [script, model, computeType, String(threads), String(beamSize), ...samples.map(({ file }) => file)]);
  return stdout.split('\n').map((line) => JSON.parse(line) as Heard);
}

async function report(samples: readonly Sample[], heard: ReadonlyMap<string, readonly Heard[]>, layers: Awaited<ReturnType<typeof layerErrors>>): Promise<void> {
  const { stdout: versions } = await execa(values.python, ['-c', 'import ctranslate2, faster_whisper; print(ctranslate2.__version__, faster_whisper.__version__)']);
  const totalSeconds = samples.reduce((sum, { seconds }) => sum + seconds, 0);
  const totalWords = samples.reduce((sum, { said }) => sum + wordsOf(said).length, 0);
  // Greedy ones are compared with the greedy one.
  const different = (name: string, results: readonly Heard[]): readonly string[] => {
    const reference = heard.get(/beams/.test(name) ? BEAM_REFERENCE : REFERENCE) ?? [];
    return results.flatMap(({ text }, index) => (wordsOf(text).join(' ') === wordsOf(reference[index]?.text ?? '').join(' ') ? [] : [`${samples[index]?.name}: "${text}", the reference "${reference[index]?.text}"`]));
  };
  const figures = [...heard].map(([name, results]) => {
    const seconds = results.reduce((sum, each) => sum + each.seconds, 0);
    const errors = results.reduce((sum, { text }, index) => sum + wordErrors(wordsOf(samples[index]?.said ?? ''), wordsOf(text)), 0);
    return { name, seconds, timesRealTime: totalSeconds / seconds, wordErrorRate: errors / totalWords, different: different(name, results) };
  });
  const rows = figures.map(({ name, timesRealTime, seconds, wordErrorRate, different: lines }) => `| ${name} | ${(100 * wordErrorRate).toFixed(2)} % | ${lines.length} | ${(seconds / samples.length).toFixed(3)} s | ${timesRealTime.toFixed(1)} × |`);
  const exact = figures.flatMap(({ name, different: lines }) => (name === 'Chorus, F32' || name === BEAM_ARM ? lines : []));
  const body = `${samples.length} recordings of one speaker on the telephone (Asterisk's prompts, ${totalSeconds.toFixed(0)} s, ${totalWords} words, brought from 8 to 16 kHz), by Whisper tiny.en, greedily and with ${BEAMS} beams, ${threads} threads, one after
another in one run. The reference is CTranslate2 in the same search, with faster-whisper's spectrum (${versions.trim()}) and on the same samples. Words are compared without case and punctuation. All encode a whole window of 30 s for each
recording, however short it is: that is most of the time.

| | word error rate | transcripts unlike the reference's | time per recording | of real time |
|---|---|---|---|---|
${rows.join('\n')}

Unlike the reference in F32: ${exact.length === 0 ? 'none.' : `\n\n${exact.map((line) => `- ${line}`).join('\n')}`}

## Layer by layer

What each layer of the encoder makes of ${Math.min(COMPARED_RECORDINGS, samples.length)} of the recordings, against float32: the root mean square of the difference as a share of that of the output. In Q8_0 all weights, those of
the convolutions included, and all that is multiplied by them have 8 bits.

| layer | ${COMPARED_TYPES.join(' | ')} |
|---|${COMPARED_TYPES.map(() => '---|').join('')}
${layers.map(({ layer, errors }) => `| ${layer} | ${errors.map((error) => `${(100 * error).toFixed(3)} %`).join(' | ')} |`).join('\n')}`;
  process.stdout.write(`${body}\n`);
  for (const { name, different: lines } of figures) for (const line of lines) process.stdout.write(`${name}: ${line}\n`);
  if (values.write) {
    await writeReport({ name: 'speech', title: 'Speech to text', body, figures: { recordings: samples.length, soundSeconds: totalSeconds, words: totalWords, threads, arms: figures, layers }, model: 'Whisper tiny.en', command: `npx tsx test/bench/speech.ts --python PYTHON --every ${values.every} --threads ${threads} --write` });
  }
}
