import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RECORDINGS_FOLDER } from '../../.scripts/system.ts';
import { writeReport } from '../bench/report.ts';
import { median } from '../bench/statistics.ts';
import { whisperModel } from '../reference/whisperModel.ts';
import type { ChatView } from './chatView.ts';
import { describeHost } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';
import { allowMicrophone, SoundServer } from './soundServer.ts';

/**
 * With `CHORUS_DICTATION_LATENCY=1` it writes `docs/results/dictation-latency.md`. Otherwise it does not run, since it
 * measures times and tests nothing.
 */
const RECORDINGS = [
  'agent-loginok',
  'queue-thankyou',
  'cannot-complete-as-dialed',
  'conf-onlyperson',
  'privacy-prompt',
  'vm-nobodyavail',
  'invalid',
  'ss-noservice',
];
const THREADS = 1;
const POLL_MS = 20;

interface Dictated {
  readonly recording: string;
  readonly text: string;
  /** The time of the first word after the beginning of the sound. */
  readonly firstWordSeconds: number;
  /**
   * The time after the end of the sound until all final words are shown in order, and until the exact final text is
   * shown.
   */
  readonly wordsSeconds: number;
  readonly textSeconds: number;
}

/** Plays a recording into the open microphone and watches the box until dictation ends by itself. */
async function dictated(
  recording: string,
  {
    sound,
    chat,
    ended,
  }: { readonly sound: SoundServer; readonly chat: ChatView; readonly ended: () => Promise<boolean> },
): Promise<Dictated> {
  const changes: { readonly at: number; readonly text: string }[] = [];
  const start = performance.now();
  let end = 0;
  const playing = sound
    .play(path.join(RECORDINGS_FOLDER, `${recording}.wav`))
    .then(() => void (end = performance.now()));
  while (end === 0 || !(await ended())) {
    const text = await chat.input.inputValue();
    if (text !== (changes.at(-1)?.text ?? '')) changes.push({ at: performance.now(), text });
    await sleep(POLL_MS);
  }
  await playing;
  const text = await chat.input.inputValue();
  assert.notEqual(text, '', `nothing of ${recording} was written`);
  // The time since which the text has the property without losing it again.
  const since = (same: (shown: string) => boolean): number => {
    const last = changes.findLastIndex((change) => !same(change.text));
    return Math.max(0, ((changes[last + 1]?.at ?? performance.now()) - end) / 1000);
  };
  const words = (shown: string): string =>
    shown
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s]/gu, '')
      .trim();
  return {
    recording,
    text,
    firstWordSeconds: ((changes[0]?.at ?? end) - start) / 1000,
    wordsSeconds: since((shown) => words(shown) === words(text)),
    textSeconds: since((shown) => shown === text),
  };
}

if (process.env['CHORUS_DICTATION_LATENCY'] !== undefined) {
  const sound = await SoundServer.start();
  const speechModel = await whisperModel();
  after(() => sound.stop());
  describeHost(
    NEWEST_HOST,
    (scenario) => {
      scenario('the time until dictated sentences are shown', async (host) => {
        const window = await host.openWindow();
        const chat = await window.openChat();
        const sign = window.page.locator('.statusbar-item', { hasText: 'Listening' });
        const all: Dictated[] = [];
        for (const recording of RECORDINGS) {
          await chat.input.fill('');
          await chat.button('Dictate').click();
          if (all.length === 0) await allowMicrophone(window);
          await sign.waitFor();
          all.push(await dictated(recording, { sound, chat, ended: async () => !(await sign.isVisible()) }));
        }
        const rows = all.map(
          ({ recording, text, firstWordSeconds, wordsSeconds, textSeconds }) =>
            `| ${recording} | ${text} | ${firstWordSeconds.toFixed(1)} s | ${wordsSeconds.toFixed(1)} s | ${textSeconds.toFixed(1)} s |`,
        );
        const medians = (['firstWordSeconds', 'wordsSeconds', 'textSeconds'] as const).map(
          (key) => `${median(all.slice(1).map((each) => each[key])).toFixed(1)} s`,
        );
        await writeReport({
          name: 'dictation-latency',
          title: 'From speech to text in the chat box',
          model: 'Whisper tiny.en, F16',
          command: 'CHORUS_DICTATION_LATENCY=1 npm run test:host -- test/host/dictationLatency.test.ts',
          figures: { threads: THREADS, recordings: all },
          body: `
VS Code ${NEWEST_HOST} in a browser. PulseAudio's virtual microphone records Asterisk's recordings, one dictation each into the chat box. Each dictation ends by itself.
The time runs from the player's last sample until the box shows all final words. In the last column it runs until all punctuation and capitals are final too. The time of the first word is measured from the beginning of the sound. 0.0 s means before the end of the sound.
The first recording waits until the model is loaded. The engine has ${THREADS} thread. VS Code, the browser and the sound server run on the same machine with its other load: at the end ${os.loadavg()[0]?.toFixed(1)} programs on ${os.availableParallelism()} cores, averaged over the last minute.
If the sound server gets too little processor time, sound is lost, and words with it.

| recording | text | first word | all words | final text |
|---|---|---|---|---|
${rows.join('\n')}
| **median without the first** | | ${medians.join(' | ')} |`,
        });
      });
    },
    { env: sound.environment, settings: { 'chorus.speech.modelPath': speechModel, 'chorus.threads': THREADS } },
  );
}
