import { Option, type Command } from 'commander';
import os from 'node:os';
import path from 'node:path';
import {
  TRANSCRIBE,
  TRANSCRIBED,
  type SpeechModelParams,
  type TranscribeParams,
  type TranscriptSegment,
} from '../../protocol/engine.ts';
import { speechModelPath } from '../../shelf/speechModels.ts';
import { integer, withJson } from '../options.ts';
import { printJson } from '../output.ts';
import { writeForeignText } from '../terminal.ts';
import { workInEngine } from '../withEngine.ts';

interface TranscribeCommandOptions {
  readonly json: boolean;
  readonly model?: string;
  readonly device: SpeechModelParams['device'];
  readonly threads: number;
  readonly language: string;
  readonly timestamps: boolean;
  readonly beam: number;
  readonly context: boolean;
  readonly silence: boolean;
  readonly brief: boolean;
}

/** `chorus transcribe`: the speech in a file, as text. */
export function addTranscribe(program: Command): void {
  const cores = os.availableParallelism();
  const command = program
    .command('transcribe')
    .description('transcribe the speech in a WAV file')
    .argument('<file>', 'WAV file: PCM or floats, 8 to 192 kHz, up to 8 channels, any length')
    .option(
      '--model <file>',
      'speech model: ggml-*.bin of whisper.cpp, or GGUF of chorus train --speech (default: the best model that other tools left on this machine)',
    )
    .option('--language <code>', 'spoken language, such as "de"; "auto" detects it', 'auto')
    .addOption(
      new Option('--device <name>', 'device to use').choices(['cpu', 'cuda', 'vulkan', 'metal']).default('cpu'),
    )
    .option('--threads <number>', `compute threads, 1 to ${cores}`, (value) => integer(value, 1, cores), 0)
    .option(
      '--beam <number>',
      'beam size, 1 to 8: larger is slower and a little more accurate',
      (value) => integer(value, 1, 8),
      1,
    )
    .option('--timestamps', 'begin each line with its time', false)
    .option('--no-context', 'decode each window without the text before it')
    .option(
      '--brief',
      'skip most of the silence after a short recording: two to three times as fast, and a few words differ',
      false,
    )
    .option('--silence', 'also decode parts without a voice, where models tend to invent text', false);
  withJson(command).action(transcribe);
}

async function transcribe(file: string, options: TranscribeCommandOptions): Promise<void> {
  const params: TranscribeParams = {
    model: {
      modelPath: await speechModelPath(options.model, options.language),
      device: options.device,
      threads: options.threads,
    },
    soundPath: path.resolve(file),
    language: options.language,
    beamSize: options.beam,
    withContext: options.context,
    onlySpeech: !options.silence,
    briefWindows: options.brief,
  };
  const segments: TranscriptSegment[] = [];
  const result = await workInEngine({
    type: TRANSCRIBE,
    params,
    events: {
      type: TRANSCRIBED,
      listener: (segment) => {
        if (options.json) segments.push(segment);
        else
          writeForeignText(
            process.stdout,
            `${options.timestamps ? `${clock(segment.startSeconds)} ` : ''}${segment.text}\n`,
          );
      },
    },
  });
  if (options.json) printJson({ ...result, segments });
}

/** Formats seconds like "01:02:03.4". */
function clock(seconds: number): string {
  const two = (value: number): string => `${Math.floor(value)}`.padStart(2, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}.${Math.floor((seconds * 10) % 10)}`;
}
