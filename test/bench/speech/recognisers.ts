import { execa } from 'execa';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { TranscribeParams } from '../../../sidecar/protocol/engine.ts';
import { LocalSpeech } from '../../../sidecar/speech/localSpeech.ts';
import { whisperModel } from '../../reference/whisperModel.ts';
import { processorMs } from '../processorTime.ts';
import { repositoryRoot } from '../report.ts';

export interface Heard {
  readonly text: string;
  readonly seconds: number;
  /** The processor time of all threads together. */
  readonly processorSeconds: number;
}

/** Transcribes recordings one after another. */
export interface Recogniser extends AsyncDisposable {
  transcribe(file: string): Promise<Heard>;
}

export interface RecogniserOptions {
  readonly threads: number;
  /** 1 means greedy search. */
  readonly beamSize?: number;
  readonly briefWindows?: boolean;
}

/** Opens Chorus in this process. */
export async function ours(
  type: 'F32' | 'F16' | 'Q8_0' | 'Q5_1',
  { threads, beamSize = 1, briefWindows = false }: RecogniserOptions,
): Promise<Recogniser> {
  const speech = new LocalSpeech();
  const model: TranscribeParams['model'] = { modelPath: await whisperModel(type), device: 'cpu', threads };
  return {
    transcribe: async (file) => {
      const texts: string[] = [];
      const [startedAt, before] = [performance.now(), processorMs()];
      await speech.transcribe(
        {
          model,
          soundPath: file,
          language: 'en',
          temperatures: [0],
          beamSize,
          withContext: false,
          onlySpeech: true,
          briefWindows,
        },
        { onSegment: ({ text }) => texts.push(text) },
      );
      return {
        text: texts.join(' '),
        seconds: (performance.now() - startedAt) / 1000,
        processorSeconds: (processorMs() - before) / 1000,
      };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Opens CTranslate2 in its own process, which waits for the next recording while the others have their turn. */
export function theirs(
  computeType: 'float32' | 'int8',
  { python, model, threads, beamSize = 1 }: RecogniserOptions & { readonly python: string; readonly model: string },
): Recogniser {
  const script = path.join(repositoryRoot, 'test/bench/speech/reference.py');
  const running = execa(python, [script, model, computeType, String(threads), String(beamSize)], {
    buffer: false,
    stderr: 'inherit',
    reject: false,
  });
  const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  return {
    transcribe: async (file) => {
      running.stdin.write(`${file}\n`);
      const line = await lines.next();
      if (line.done)
        throw new Error(
          `The reference ended instead of transcribing ${file}: ${python} needs ctranslate2 and faster-whisper.`,
        );
      return JSON.parse(line.value) as Heard;
    },
    [Symbol.asyncDispose]: async () => {
      running.stdin.end();
      await running;
    },
  };
}
