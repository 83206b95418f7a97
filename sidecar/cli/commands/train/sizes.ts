import { InvalidArgumentError } from 'commander';
import type { ScratchSizes } from '../../../workshop/train/options.ts';
import type { SpeechSizes } from '../../../workshop/train/speech/speechOptions.ts';
import { integer } from '../../options.ts';

export function scratchSizes(value: string): ScratchSizes {
  const numbers = value.split(',').map((part) => integer(part.trim(), 1, 2 ** 20));
  if (numbers.length !== 5)
    throw new InvalidArgumentError('Expected five numbers: width,blocks,heads,kvHeads,feedForward.');
  const [width, blocks, heads, kvHeads, feedForwardWidth] = numbers as [number, number, number, number, number];
  return { width, blocks, heads, kvHeads, feedForwardWidth };
}

export function speechSizes(value: string): SpeechSizes {
  const numbers = value.split(',').map((part) => integer(part.trim(), 1, 2 ** 16));
  if (numbers.length !== 7)
    throw new InvalidArgumentError(
      'Expected seven numbers: bands,channels,width,encoderBlocks,decoderBlocks,heads,feedForward.',
    );
  const [melBands, channels, width, encoderBlocks, decoderBlocks, heads, feedForwardWidth] = numbers as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { melBands, channels, width, encoderBlocks, decoderBlocks, heads, feedForwardWidth };
}

export function rankOrShare(value: string): number {
  const size = Number(value);
  if (value.trim() === '' || !(size > 0) || (size >= 1 && !Number.isInteger(size)))
    throw new InvalidArgumentError('Expected a rank, 1 or more, or a share below 1.');
  return size;
}
