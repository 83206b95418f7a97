import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { copyString } from '../workspaceIndex/copyString.ts';
import type { LastCompletion } from '../protocol/client.ts';
import type { Cursor } from './cursor.ts';
import type { LanguageSyntax } from '../syntax/languages.ts';
import { bringsClosers, type CursorLine } from './postprocess/closers.ts';
import type { CompletionRequest } from './request.ts';

/** The key of a completion: the text on both sides of the cursor and the settings. */
export interface CacheKey {
  readonly clientKey: string;
  readonly uri: string;
  /** The settings that change the text. Debounce and reading ahead are not among them. */
  readonly settings: string;
  readonly before: string;
  readonly after: string;
  readonly syntax: LanguageSyntax;
}

export interface CacheHit {
  /** The rest of each candidate after the part that the user typed. */
  readonly texts: readonly string[];
  /**
   * How many units of `after` each text replaces. These are closers that stood there when it was made, and a closer
   * that the editor added when its opener was typed.
   */
  readonly overtypes: readonly number[];
  readonly explanation?: LastCompletion;
}

export function keyOf(
  { clientKey, uri, settings, contextSettings }: CompletionRequest,
  { before, after, syntax }: Cursor,
): CacheKey {
  const telling = [
    { ...settings, minDebounceMs: undefined },
    { ...contextSettings, readAhead: undefined },
  ];
  return { clientKey, uri, settings: JSON.stringify(telling), before, after, syntax };
}

/** Whether two keys belong to one place. */
export function isSameKey(one: CacheKey, other: CacheKey): boolean {
  return isAskedAlike(one, other) && one.before === other.before && one.after === other.after;
}

/** Whether two keys have the same client, document and settings. */
export function isAskedAlike(one: Asked, other: Asked): boolean {
  return one.clientKey === other.clientKey && one.uri === other.uri && one.settings === other.settings;
}

type Asked = Pick<CacheKey, 'clientKey' | 'uri' | 'settings'>;

interface Entry extends Asked {
  readonly beforeTail: string;
  readonly afterHead: string;
  /** A digest of the text further away on both sides. A prompt holds more text than is compared unit by unit. */
  readonly farDigest: string;
  readonly texts: readonly string[];
  readonly overtypes: readonly number[];
  readonly explanation: LastCompletion | undefined;
}

/** The number of units compared one by one on each side of the cursor. */
const CONTEXT_UNITS = 1024;
const pairs: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '"': '"', "'": "'", '`': '`' };

/**
 * A cache of completions. The user finds them again by typing their text, by Backspace, or by returning to the place.
 * An entry matches if the text since its cursor is the start of its completion and all other text is the same.
 */
export class TypedThroughCache {
  /** By their places. */
  readonly #entries: LRUCache<string, Entry>;

  constructor(capacity = 200) {
    this.#entries = new LRUCache({ max: capacity });
  }

  /**
   * Adds the candidates for a place, best first. Each has the number of units after the cursor that it replaces, and
   * the first has an explanation. An empty list is valid too, for exactly this place.
   */
  add(
    key: CacheKey,
    texts: readonly string[],
    overtypes: readonly number[] = texts.map(() => 0),
    explanation?: LastCompletion,
  ): void {
    const entry: Entry = {
      clientKey: key.clientKey,
      uri: key.uri,
      settings: key.settings,
      // Copies the strings, since a slice would keep the whole document in memory.
      beforeTail: copyString(key.before.slice(-CONTEXT_UNITS)),
      afterHead: copyString(key.after.slice(0, CONTEXT_UNITS)),
      farDigest: farDigest(key),
      texts,
      overtypes,
      explanation,
    };
    this.#entries.set(placeOf(entry), entry);
  }

  /**
   * Returns the completions for a place, or `undefined` if it is unknown. A hit without texts means that there is no
   * completion.
   */
  find(key: CacheKey): CacheHit | undefined {
    // The entry used last comes first.
    for (const [place, entry] of this.#entries.entries()) {
      if (!isAskedAlike(entry, key)) continue;
      const hit = serve(entry, key);
      if (hit === undefined) continue;
      this.#entries.get(place);
      return { ...hit, ...(entry.explanation && { explanation: entry.explanation }) };
    }
    return undefined;
  }

  clear(): void {
    this.#entries.clear();
  }

  forget(clientKey: string): void {
    for (const [place, entry] of [...this.#entries]) if (entry.clientKey === clientKey) this.#entries.delete(place);
  }
}

function serve(entry: Entry, key: CacheKey): Pick<CacheHit, 'texts' | 'overtypes'> | undefined {
  const overtype = autoClosed(entry.afterHead, key);
  if (overtype === undefined) return undefined;
  if (overtype === 0 && key.before.endsWith(entry.beforeTail) && sameReach(entry, key, { typed: 0, overtype })) {
    return { texts: entry.texts, overtypes: entry.overtypes };
  }
  const texts: string[] = [];
  const overtypes: number[] = [];
  for (const [index, text] of entry.texts.entries()) {
    const rest = restOf(text, entry, key, overtype);
    if (rest === undefined || !bringsClosers(rest, key.after.slice(0, overtype), lineOf(key))) continue;
    texts.push(rest);
    overtypes.push(overtype + (entry.overtypes[index] ?? 0));
  }
  return texts.length > 0 ? { texts, overtypes } : undefined;
}

/** Returns the rest of `text` after the part of it before the cursor. */
function restOf(text: string, entry: Entry, key: CacheKey, overtype: number): string | undefined {
  for (let typed = Math.min(text.length - 1, key.before.length); typed > 0; typed--) {
    if (!key.before.endsWith(text.slice(0, typed))) continue;
    if (key.before.endsWith(entry.beforeTail, key.before.length - typed) && sameReach(entry, key, { typed, overtype }))
      return text.slice(typed);
  }
  return undefined;
}

/**
 * Whether the text further away is the same. A `beforeTail` shorter than the limit is the whole text before the entry's
 * cursor.
 */
function sameReach(
  entry: Entry,
  key: CacheKey,
  { typed, overtype }: { readonly typed: number; readonly overtype: number },
): boolean {
  if (entry.beforeTail.length < CONTEXT_UNITS && key.before.length - typed !== entry.beforeTail.length) return false;
  return farDigest(key, { typed, overtype }) === entry.farDigest;
}

/**
 * Digests all but `CONTEXT_UNITS` on each side of the entry's cursor. Since then, `typed` units were typed and
 * `overtype` units were added behind the cursor.
 */
function farDigest(
  { before, after }: Pick<CacheKey, 'before' | 'after'>,
  { typed, overtype } = { typed: 0, overtype: 0 },
): string {
  const far = [
    before.slice(0, Math.max(0, before.length - typed - CONTEXT_UNITS)),
    after.slice(overtype + CONTEXT_UNITS),
  ];
  return far.every((text) => text === '') ? '' : createHash('sha1').update(far.join('\0')).digest('base64');
}

function lineOf({ before, after, syntax }: CacheKey): CursorLine {
  const [lineSuffix = ''] = after.split('\n', 1);
  return { linePrefix: before.slice(before.lastIndexOf('\n') + 1), lineSuffix, syntax };
}

/**
 * Returns how many units the editor added at the start of `key.after` when it closed pairs. Returns `undefined` if the
 * text after the cursor differs otherwise.
 */
function autoClosed(afterHead: string, key: CacheKey): number | undefined {
  if (sameHead(afterHead, key.after)) return 0;
  for (let added = 1; added <= 2; added++) {
    if (!sameHead(afterHead, key.after.slice(added))) continue;
    const openers = key.before.slice(-40);
    const closers = [...key.after.slice(0, added)];
    return closers.every((closer) => [...openers].some((opener) => pairs[opener] === closer)) ? added : undefined;
  }
  return undefined;
}

function sameHead(head: string, after: string): boolean {
  return head.length < CONTEXT_UNITS ? head === after : after.startsWith(head);
}

function placeOf({ clientKey, uri, settings, beforeTail, afterHead }: Entry): string {
  return JSON.stringify([clientKey, uri, settings, beforeTail, afterHead]);
}
