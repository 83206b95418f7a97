/**
 * Transcribes sound without speech, ten minutes of each kind, and three hours of silence with a sentence at the end:
 *
 *   npx tsx test/bench/longSound.ts [--threads N] [--write]
 *
 * The sentence is one of Debian's asterisk-core-sounds-en-wav.
 */
import { open, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { RECORDINGS_FOLDER } from '../../.scripts/system.ts';
import type { TranscriptSegment } from '../../sidecar/protocol/engine.ts';
import { LocalSpeech } from '../../sidecar/speech/localSpeech.ts';
import { WavFile } from '../../sidecar/speech/wavFile.ts';
import { noises } from '../reference/noises.ts';
import { whisperModel } from '../reference/whisperModel.ts';
import { wavBytes } from '../sidecar/speech/wavBytes.ts';
import { writeReport } from './report.ts';

const MINUTES = 10;
const HOURS = 3;
const SENTENCE = 'cannot-complete-as-dialed';
const RATE_HZ = 8_000;

const { values } = parseArgs({
  options: { threads: { type: 'string', default: '1' }, write: { type: 'boolean', default: false } },
});
const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-long-sound-'));
const speech = new LocalSpeech();
const model = { modelPath: await whisperModel(), device: 'cpu', threads: Number(values.threads) } as const;

async function heard(soundPath: string): Promise<readonly TranscriptSegment[]> {
  const segments: TranscriptSegment[] = [];
  await speech.transcribe(
    { model, soundPath, language: 'auto', withContext: true, onlySpeech: true },
    { onSegment: (segment) => segments.push(segment) },
  );
  return segments;
}

/** Creates a file with 16-bit silence and a recording at its end. The silence takes no space on the disk. */
async function longFile(hours: number): Promise<string> {
  const file = path.join(folder, 'long.wav');
  const wav = await WavFile.open(path.join(RECORDINGS_FOLDER, `${SENTENCE}.wav`));
  const sentence = await wav.read(Math.ceil(wav.durationSeconds * RATE_HZ));
  await wav.close();
  const silence = hours * 3_600 * RATE_HZ;
  const whole = wavBytes([sentence], { sampleRateHz: RATE_HZ });
  const dataAt = whole.indexOf('data', 0, 'latin1') + 8;
  const head = Buffer.from(whole.subarray(0, dataAt));
  head.writeUInt32LE(whole.readUInt32LE(4) + 2 * silence, 4);
  head.writeUInt32LE(2 * (silence + sentence.length), dataAt - 4);
  const handle = await open(file, 'w');
  await handle.write(head, 0, head.length, 0);
  await handle.write(whole, dataAt, whole.length - dataAt, dataAt + 2 * silence);
  await handle.close();
  return file;
}

try {
  const rows: { sound: string; words: number; text: string }[] = [];
  for (const [sound, make] of Object.entries(noises)) {
    const file = path.join(folder, 'noise.wav');
    await writeFile(file, wavBytes([make(60 * MINUTES, 9)]));
    const text = (await heard(file)).map((segment) => segment.text).join(' ');
    rows.push({ sound, words: text.split(/\s+/).filter((word) => word !== '').length, text });
    process.stderr.write(`${sound}: "${text}"\n`);
  }
  const segments = await heard(await longFile(HOURS));
  const peakMegabytes = process.resourceUsage().maxRSS / 1000;
  const said = segments.map(
    ({ startSeconds, text }) => `"${text}" at ${new Date(1000 * startSeconds).toISOString().slice(11, 19)}`,
  );
  const body = `
Whisper tiny.en, as \`chorus transcribe\` and dictation use it.

| ${MINUTES} minutes of | transcribed words |
|---|---|
${rows.map(({ sound, words }) => `| ${sound} | ${words} |`).join('\n')}

From ${HOURS} hours at ${RATE_HZ / 1000} kHz, silent except for a sentence at the end: ${said.join(', ') || 'nothing'}. The process, including the model, used at most ${peakMegabytes.toFixed(0)} MB. This includes the sounds of the table, which it had made before.`;
  process.stdout.write(`${body}\n`);
  if (values.write)
    await writeReport({
      name: 'long-sound',
      title: 'Sound without speech, and three hours of sound',
      body,
      figures: { rows, segments, peakMegabytes },
      model: 'Whisper tiny.en',
      command: 'npx tsx test/bench/longSound.ts --write',
    });
} finally {
  await rm(folder, { recursive: true, force: true });
}
