import type { ModelText } from '../../modelText.ts';
import type { Network } from '../network/network.ts';
import { replayPrompts } from '../selection/replayPrompts.ts';
import type { HeadRuns } from '../tiers/headRuns.ts';
import type { AttendedCache } from './attendedCache.ts';
import type { CacheChoice } from './cacheChoice.ts';
import { FullCache } from './fullCache.ts';
import { RecurrentCache } from './recurrentCache.ts';
import { SelectedCache } from './selectedCache.ts';
import type { SequenceCache } from './sequenceCache.ts';
import { TieredCache } from './tieredCache.ts';

/** Opens the cache that was chosen over the rows of a sequence, which must have the layout of that choice. */
export function openCache(
  network: Network,
  sequence: SequenceCache,
  {
    choice,
    text,
    runs,
  }: {
    readonly choice: CacheChoice;
    readonly text: Pick<ModelText, 'tokenize'>;
    /** The KV heads that choose pages for every token of an answer; absent: all. */
    readonly runs?: HeadRuns | undefined;
  },
): AttendedCache {
  if (sequence.state) return new RecurrentCache(network, sequence);
  if (choice.tier) return new TieredCache(network, sequence, choice.tier, runs);
  if (choice.capacity === Infinity) return new FullCache(network, sequence);
  const replay = replayPrompts((words) => text.tokenize(words, false));
  return new SelectedCache(network, sequence, { ...choice, replay });
}
