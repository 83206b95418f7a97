/**
 * Compares Whisper tiny.en in Chorus's graphs with CTranslate2, on Asterisk's recordings with their transcripts. One
 * run alternates between them on the same samples, greedily and by beam search:
 *
 *   npx tsx test/bench/speech.ts --python PYTHON [--every 10] [--threads N] [--write]
 *
 * PYTHON has ctranslate2 and faster-whisper. `--every N` takes every Nth recording. The recordings are those of
 * Debian's asterisk-core-sounds-en-wav.
 */
import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { RECORDINGS_FOLDER } from '../../.scripts/system.ts';
import { FRAME_REACH_SAMPLES } from '../../sidecar/speech/logMel.ts';
import { SoundWindow } from '../../sidecar/speech/soundWindow.ts';
import { WavFile } from '../../sidecar/speech/wavFile.ts';
import { fetchCTranslate2Model } from '../reference/whisperModel.ts';
import { wavBytes } from '../sidecar/speech/wavBytes.ts';
import { writeReport } from './report.ts';
import { layerErrors } from './speech/layers.ts';
import { ours, theirs, type Heard, type Recogniser } from './speech/recognisers.ts';
import { wordErrors, wordsOf } from './speech/words.ts';

const TRANSCRIPTS = '/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz';
const LONGEST_SECONDS = 28;
/** The number of recordings whose activations are compared layer by layer. */
const COMPARED_RECORDINGS = 6;
const REFERENCE = 'CTranslate2, float32';
const EIGHT_BIT_REFERENCE = 'CTranslate2, int8';
const BEAMS = 5;
const BEAM_REFERENCE = `CTranslate2, float32, ${BEAMS} beams`;
const BEAM_ARM = `Chorus, F32, ${BEAMS} beams`;
/** The way in which a dictation is read during speech. */
const BRIEF = 'brief windows';
const COMPARED_TYPES = ['F16', 'Q8_0', 'Q5_1'] as const;

interface Sample {
  readonly name: string;
  readonly file: string;
  readonly said: string;
  readonly seconds: number;
}

const { values } = parseArgs({
  options: {
    every: { type: 'string', default: '10' },
    threads: { type: 'string', default: '1' },
    python: { type: 'string', default: 'python3' },
    write: { type: 'boolean', default: false },
  },
});
const options = { threads: Number(values.threads) };
const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-speech-bench-'));
try {
  const samples = await prepare();
  const theirOptions = { ...options, python: values.python, model: await fetchCTranslate2Model() };
  const arms: Record<string, Recogniser> = {
    [REFERENCE]: theirs('float32', theirOptions),
    'Chorus, F32': await ours('F32', options),
    'Chorus, F16': await ours('F16', options),
    [EIGHT_BIT_REFERENCE]: theirs('int8', theirOptions),
    'Chorus, Q8_0': await ours('Q8_0', options),
    'Chorus, Q5_1': await ours('Q5_1', options),
    [`Chorus, F32, ${BRIEF}`]: await ours('F32', { ...options, briefWindows: true }),
    [`Chorus, Q8_0, ${BRIEF}`]: await ours('Q8_0', { ...options, briefWindows: true }),
    [BEAM_REFERENCE]: theirs('float32', { ...theirOptions, beamSize: BEAMS }),
    [BEAM_ARM]: await ours('F32', { ...options, beamSize: BEAMS }),
  };
  const heard = await inTurns(arms, samples);
  const layers = await layerErrors(
    COMPARED_TYPES,
    samples.slice(0, COMPARED_RECORDINGS).map(({ file }) => file),
    options.threads,
  );
  await report(samples, heard, layers);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/**
 * All arms transcribe each recording before the next, so that other load affects all alike. Disposes of the arms at the
 * end.
 */
async function inTurns(
  arms: Readonly<Record<string, Recogniser>>,
  samples: readonly Sample[],
): Promise<ReadonlyMap<string, readonly Heard[]>> {
  const heard = new Map<string, Heard[]>(Object.keys(arms).map((name) => [name, []]));
  try {
    // The first transcription loads and allocates in every arm.
    for (const arm of Object.values(arms)) await arm.transcribe((samples[0] as Sample).file);
    for (const [index, { file }] of samples.entries()) {
      for (const [name, arm] of Object.entries(arms)) heard.get(name)?.push(await arm.transcribe(file));
      process.stderr.write(`${index + 1} of ${samples.length} recordings\n`);
    }
    return heard;
  } finally {
    await Promise.all(Object.values(arms).map((arm) => arm[Symbol.asyncDispose]()));
  }
}

/** Returns recordings with transcripts at 16 kHz, so that both engines get the same samples. */
async function prepare(): Promise<readonly Sample[]> {
  const lines = gunzipSync(await readFile(TRANSCRIPTS))
    .toString('utf8')
    .split('\n');
  const transcripts = lines.flatMap((line) => {
    const [, name, said] = /^([\w/-]+): *(.+)$/.exec(line) ?? [];
    // Text in brackets describes a sound.
    return name && said && !/[[(]/.test(said) && wordsOf(said).length > 1 ? [{ name, said }] : [];
  });
  const samples: Sample[] = [];
  for (const { name, said } of transcripts.filter((_, index) => index % Number(values.every) === 0)) {
    const wav = await WavFile.open(path.join(RECORDINGS_FOLDER, `${name}.wav`)).catch(() => undefined);
    if (!wav || wav.durationSeconds > LONGEST_SECONDS) continue;
    const sound = await new SoundWindow({
      sampleRateHz: wav.format.sampleRateHz,
      read: (count) => wav.read(count),
    }).slideTo(0, Math.floor(wav.durationSeconds * 16_000));
    await wav.close();
    const file = path.join(folder, `${name}.wav`);
    await mkdir(path.dirname(file), { recursive: true });
    const clipped = sound.samples
      .subarray(FRAME_REACH_SAMPLES, FRAME_REACH_SAMPLES + sound.available)
      .map((sample) => Math.max(-1, Math.min(1, sample)));
    await writeFile(file, wavBytes([clipped]));
    samples.push({ name, file, said, seconds: sound.available / 16_000 });
  }
  return samples;
}

async function report(
  samples: readonly Sample[],
  heard: ReadonlyMap<string, readonly Heard[]>,
  layers: Awaited<ReturnType<typeof layerErrors>>,
): Promise<void> {
  const { stdout: versions } = await execa(values.python, [
    '-c',
    'import ctranslate2, faster_whisper; print(ctranslate2.__version__, faster_whisper.__version__)',
  ]);
  const totalSeconds = samples.reduce((sum, { seconds }) => sum + seconds, 0);
  const totalWords = samples.reduce((sum, { said }) => sum + wordsOf(said).length, 0);
  const referenceOf = (name: string): string => (/beams/.test(name) ? BEAM_REFERENCE : REFERENCE);
  const different = (name: string, results: readonly Heard[]): readonly string[] => {
    const reference = heard.get(referenceOf(name)) ?? [];
    return results.flatMap(({ text }, index) =>
      wordsOf(text).join(' ') === wordsOf(reference[index]?.text ?? '').join(' ')
        ? []
        : [`${samples[index]?.name}: "${text}", the reference "${reference[index]?.text}"`],
    );
  };
  const processorSeconds = (results: readonly Heard[]): number =>
    results.reduce((sum, each) => sum + each.processorSeconds, 0);
  const figures = [...heard].map(([name, results]) => {
    const errors = results.reduce(
      (sum, { text }, index) => sum + wordErrors(wordsOf(samples[index]?.said ?? ''), wordsOf(text)),
      0,
    );
    const peer = name.startsWith('Chorus, Q8_0') ? EIGHT_BIT_REFERENCE : referenceOf(name);
    const [own, peers] = [results, heard.get(peer) ?? []].map(processorSeconds) as [number, number];
    return {
      name,
      processorSeconds: own,
      seconds: results.reduce((sum, each) => sum + each.seconds, 0),
      timesRealTime: totalSeconds / own,
      timesPeer: name.startsWith('Chorus') ? peers / own : undefined,
      peer,
      wordErrorRate: errors / totalWords,
      different: different(name, results),
    };
  });
  const perRecording = (seconds: number): string => `${(seconds / samples.length).toFixed(3)} s`;
  const rows = figures.map(
    ({ name, timesRealTime, timesPeer, peer, processorSeconds: own, seconds, wordErrorRate, different: lines }) =>
      `| ${name} | ${(100 * wordErrorRate).toFixed(2)} % | ${lines.length} | ${perRecording(own)} | ${timesRealTime.toFixed(1)} × | ${timesPeer === undefined ? '' : `${timesPeer.toFixed(2)} × of ${peer}`} | ${perRecording(seconds)} |`,
  );
  const exact = figures.flatMap(({ name, different: lines }) =>
    name === 'Chorus, F32' || name === BEAM_ARM ? lines : [],
  );
  const body = `${samples.length} recordings of one speaker on the telephone (Asterisk's prompts, ${totalSeconds.toFixed(0)} s, ${totalWords} words, resampled from 8 to 16 kHz), by Whisper tiny.en, greedily and with ${BEAMS} beams. The reference is
CTranslate2 in the same search, with faster-whisper's spectrum (${versions.trim()}) and on the same samples. Words are compared without case and punctuation. All rows except those of brief windows encode a whole window of 30 s for each
recording, however short it is, which takes most of the time. Brief windows end two seconds after the sound, after at least ten seconds. They read a whole window if the text repeats itself or is unlikely. A dictation is read in this way during speech.

All arms transcribe each recording in turn, with ${options.threads === 1 ? 'one thread' : `${options.threads} threads`} each. The main figure is the processor time (of all threads of a process, from the sound to the text). Other load affects it only through
the caches that it uses. The last column has the elapsed time, which other load lengthens for all alike.

| | word error rate | transcripts unlike the reference's | processor time per recording | share of real time | speed relative to the reference | elapsed time |
|---|---|---|---|---|---|---|
${rows.join('\n')}

Unlike the reference in F32: ${exact.length === 0 ? 'none.' : `\n\n${exact.map((line) => `- ${line}`).join('\n')}`}

## Layer by layer

The outputs of the encoder's layers for ${Math.min(COMPARED_RECORDINGS, samples.length)} of the recordings, compared with float32: the root mean square of the difference as a share of that of the output. In Q8_0 all weights, including those of
the convolutions, and all values multiplied by them have 8 bits.

| layer | ${COMPARED_TYPES.join(' | ')} |
|---|${COMPARED_TYPES.map(() => '---|').join('')}
${layers.map(({ layer, errors }) => `| ${layer} | ${errors.map((error) => `${(100 * error).toFixed(3)} %`).join(' | ')} |`).join('\n')}`;
  process.stdout.write(`${body}\n`);
  for (const { name, different: lines } of figures)
    for (const line of lines) process.stdout.write(`${name}: ${line}\n`);
  if (values.write) {
    await writeReport({
      name: 'speech',
      title: 'Speech to text',
      body,
      figures: {
        recordings: samples.length,
        soundSeconds: totalSeconds,
        words: totalWords,
        threads: options.threads,
        arms: figures,
        layers,
      },
      model: 'Whisper tiny.en',
      command: `npx tsx test/bench/speech.ts --python PYTHON --every ${values.every} --threads ${options.threads} --write`,
    });
  }
}
