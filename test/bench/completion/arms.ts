import { readCursor } from '../../../sidecar/completion/cursor.ts';
import { identifiersOf } from '../../../sidecar/context/terms.ts';
import { PromptMaker } from '../../../sidecar/completion/promptMaker.ts';
import type { BenchSession } from '../benchSession.ts';
import { keptBy } from '../contextQuality/choices.ts';
import type { KeptTask } from '../kept/keptTask.ts';
import { similarityOf } from './figures.ts';
import type { PackageWorkspace } from './packageWorkspace.ts';
import { uriOf } from './packageWorkspace.ts';
import type { Place } from './places.ts';

/** What a prompt holds: the last line alone, the file before the place, or the workspace too. */
export const PROMPTS = ['line', 'file', 'workspace'] as const;

/** A prompt, and what of it the cache keeps ("full", "snapkv:1024"). */
export interface Arm {
  readonly prompt: (typeof PROMPTS)[number];
  readonly cache: string;
}

export interface PlaceResult {
  readonly id: string;
  readonly isExact: boolean;
  /** 0 to 1: 1 less the edit distance by the longer text's length. */
  readonly similarity: number;
  /** Whether the name that the line needs is in what was written. */
  readonly hasName: boolean;
  /** Without that name it has one that stands in another file of the prompt and not in the document. */
  readonly isOfWrongFile: boolean;
  /** Units at the start that the line has too: what a user takes word by word. */
  readonly agreedUnits: number;
  /** Of other files, in the prompt. */
  readonly contextTokens: number;
}

const MAX_TOKENS = 48;
const CONTEXT_LINES = 2;
/** Tokens a second: prompts are as long as on a machine that reads so fast, whatever this one does. */
const BENCH_SPEED = 700;
/** Another way of measuring needs another number, so that kept results of the two are not mixed. */
const VERSION = 1;

/** Of what was written only figures are kept: it may repeat a package's text. */
export const completionTask: KeptTask<PlaceResult> = {
  page: 'completion',
  name: 'cross-file',
  settings: [VERSION, MAX_TOKENS, CONTEXT_LINES, BENCH_SPEED],
  valueOf: ({ isExact, similarity, hasName, isOfWrongFile, agreedUnits, contextTokens }) => [...[isExact, hasName, isOfWrongFile].map(Number), similarity.toFixed(4), agreedUnits, contextTokens].join(' '),
  resultOf: (id, value) => {
    const [isExact, hasName, isOfWrongFile, similarity, agreedUnits, contextTokens] = String(value).split(' ').map(Number) as [number, number, number, number, number, number];
    return { id, isExact: isExact === 1, hasName: hasName === 1, isOfWrongFile: isOfWrongFile === 1, similarity, agreedUnits, contextTokens };
  },
};

/** What an arm's results are kept by: other defaults of a cache make other results. */
export const variantOf = ({ prompt, cache }: Arm): string => `${prompt} ${keptBy(cache)}`;

/** Writes the line at a place. The prompt is the product's, with the whole context, as after a pause. */
export async function completePlace(session: BenchSession, place: Place, arm: Arm['prompt'], { workspace }: PackageWorkspace): Promise<PlaceResult> {
  const text = arm === 'line' ? place.before.split('\n').slice(-1 - CONTEXT_LINES).join('\n') : place.before;
  const request = {
    uri: uriOf(place.path), languageId: place.languageId, text, offset: text.length, explicit: false, clientKey: `${arm}:${place.id}`, settings: {},
    workspace: arm === 'workspace' ? workspace : undefined,
  };
  const cursor = readCursor(request);
  if (cursor === undefined) throw new Error(`No cursor at ${place.id}`);
  const prompts = new PromptMaker({ session, now: () => performance.now(), newTokens: (_, tokens) => tokens.length, onOtherModel: () => undefined, speeds: { of: () => BENCH_SPEED, note: () => undefined } });
  const extent = { multiline: false, maxTokens: MAX_TOKENS };
  const prompt = await prompts.make({ request, cursor, model: session.loaded, fim: await prompts.fimOf(session.loaded), extent, purpose: 'readingAhead' });
  const sequence = 'bench';
  const result = await session.engine.generate({
    sequence, priority: 'completion', tokens: prompt.tokens, requiredPrefix: prompt.requiredPrefix || undefined, maxTokens: MAX_TOKENS, sampling: { temperature: 0 },
  });
  await session.engine.releaseSequence(sequence);
  const written = firstLine(result.text.slice(prompt.requiredPrefix.length));
  const hasName = new RegExp(`(?<![\\w$])${place.name.replaceAll('$', '\\$')}(?![\\w$])`).test(written);
  const own = new Set(identifiersOf(place.before));
  const others = new Set(prompt.context.flatMap(({ snippet }) => identifiersOf(snippet.text)));
  return {
    id: place.id,
    isExact: normal(written) === normal(place.line),
    similarity: similarityOf(normal(written), normal(place.line)),
    hasName,
    isOfWrongFile: !hasName && identifiersOf(written).some((name) => !own.has(name) && others.has(name)),
    agreedUnits: commonLength(written, place.line),
    contextTokens: prompt.contextTokens,
  };
}

function firstLine(text: string): string {
  return (text.trimStart().split('\n')[0] ?? '').trim();
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return length;
}

function normal(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
