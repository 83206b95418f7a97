import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { EditLogReplay, parseEditLog } from '../../../sidecar/nextEdits/editLog.ts';
import { countOf, linesAfter, type Suggesting } from './suggesting.ts';

/** The user stopped typing if the next change comes later than this. */
const PAUSE_MS = 500;
const RIGHT_WITHIN_MS = 60_000;

export interface ReplayOutcome {
  readonly pauses: number;
  readonly silentPauses: number;
  /** Suggestions that differ from the one shown before. */
  readonly shown: readonly { readonly kind: string; readonly isRight: boolean; readonly lines: string }[];
  readonly timesMs: readonly number[];
  readonly processorSeconds: number;
  readonly hours: number;
}

interface Open {
  readonly kind: string;
  readonly uri: string;
  readonly lines: string;
  readonly count: number;
  readonly untilMs: number;
  isRight: boolean;
}

/**
 * Replays a recording and asks at each pause. A suggestion is right if its first change stands in the document within
 * 60 s, in exact lines. A suggestion that stays the same over several pauses counts once.
 */
export async function replayRecording(file: string, suggesting: Suggesting): Promise<ReplayOutcome> {
  const entries = parseEditLog(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')));
  const replay = new EditLogReplay();
  const shown = new Map<string, Open>();
  const timesMs: number[] = [];
  let [pauses, silentPauses, last] = [0, 0, ''];
  const before = process.cpuUsage();
  let first: number | undefined;
  for (const [index, entry] of entries.entries()) {
    replay.apply(entry);
    if (entry.kind !== 'changed') continue;
    first ??= entry.time;
    settle(shown, replay);
    const next = entries.slice(index + 1, index + 400).find(({ kind }) => kind === 'changed');
    if (next?.kind === 'changed' && next.time - entry.time < PAUSE_MS) continue;
    if (suggesting.isOver) break;
    pauses++;
    const { documents } = replay;
    const { suggestions, ms } = await suggesting.shown(replay.journal, documents, replay.nowMs);
    timesMs.push(ms);
    const [best] = suggestions;
    if (best === undefined) silentPauses++;
    const text = documents.find(({ uri }) => uri === best?.uri)?.text ?? '';
    const edit = best?.edits[0];
    const lines = edit ? linesAfter(text, edit) : '';
    const key = `${best?.kind} ${best?.uri} ${lines}`;
    if (best !== undefined && key !== last && !shown.has(key))
      shown.set(key, {
        kind: best.kind,
        uri: best.uri,
        lines,
        count: countOf(text, lines),
        untilMs: entry.time + RIGHT_WITHIN_MS,
        isRight: false,
      });
    last = best === undefined ? '' : key;
  }
  const { user, system } = process.cpuUsage(before);
  return {
    pauses,
    silentPauses,
    shown: [...shown.values()].map(({ kind, isRight, lines }) => ({ kind, isRight, lines })),
    timesMs,
    processorSeconds: (user + system) / 1e6,
    hours: (replay.nowMs - (first ?? 0)) / 3_600_000,
  };
}

/** Marks the suggestions whose lines stand in their documents now. */
function settle(shown: ReadonlyMap<string, Open>, { documents, nowMs }: EditLogReplay): void {
  for (const open of shown.values()) {
    if (open.isRight || nowMs > open.untilMs) continue;
    const text = documents.find(({ uri }) => uri === open.uri)?.text ?? '';
    open.isRight = countOf(text, open.lines) > open.count;
  }
}
