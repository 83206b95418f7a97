import type { TokenId } from './text.ts';
import { notification, request } from '../messages.ts';

interface NgramParams {
  /** Of the texts. */
  readonly version: string;
  /** The last tokens of the text that is gone on with: a prompt may end with what stands behind the gap. */
  readonly before: readonly TokenId[];
}

/**
 * Front → engine: continues `tokens`. Streams `GenerateChunk` by the notification `GENERATE_CHUNK`.
 * The engine reuses the longest common prefix with what the sequence holds.
 */
export const GENERATE = request<EngineGenerateParams, EngineGenerateResult>('engine/generate');
export const GENERATE_CHUNK = notification<GenerateChunk>('engine/generateChunk');
export interface EngineGenerateParams {
  /** Chosen by the front, unique per request; chunks carry it. */
  readonly requestId: number;
  /** Requests of one name share a sequence and its cache ("completion", "chat:<id>"). Run one after another. */
  readonly sequence: string;
  /**
   * Another sequence of the same owner. Its rows of the prompt's beginning are copied. The request uses this sequence
   * itself if the engine has no room for both.
   */
  readonly copyFrom?: string;
  /**
   * The request gets a sequence only if no other name loses one. Its sequence is the first to be taken from its name.
   * Without a sequence the request ends at once, with stopReason 'timeout'. For priority 'background'.
   */
  readonly isExpendable?: boolean;
  /**
   * Name of the texts that the answer may go on like (`SET_TEXTS`): guesses are taken from them, which the model
   * checks.
   */
  readonly texts?: string;
  /**
   * Has the n-grams of these texts count beside the model, where they are those of this version. Of Chorus's own engine
   * alone.
   */
  readonly ngrams?: NgramParams;
  /** A completion preempts a chat between two tokens, a chat preempts background work. */
  readonly priority: Priority;
  readonly tokens: readonly TokenId[];
  readonly maxTokens: number;
  readonly sampling: SamplingParams;
  /**
   * Token healing: the generated text must begin with this (the text of the tokens taken back from the prompt's end).
   * It is part of the output.
   */
  readonly requiredPrefix?: string;
  /**
   * Stretches of white space, one of which follows `requiredPrefix`. Text of the same line stands behind it.
   */
  readonly indentations?: readonly string[];
  /** GBNF that constrains the output; not together with `requiredPrefix` and `indentations`. */
  readonly grammar?: string;
  /** JSON Schema that constrains the output. */
  readonly jsonSchema?: object;
  /** Texts that end the generation; not part of the output. */
  readonly stop?: readonly string[];
  /** Ends the generation after this long, with what it has. */
  readonly timeoutMs?: number;
  /** Also give the text of special tokens. */
  readonly special?: boolean;
  /** On half the threads, since the machine is to be spared. */
  readonly quiet?: boolean;
  /** Where the evaluated context is kept and looked for; absent: nowhere but in memory. */
  readonly contextSet?: ContextSet;
}
/** Evaluated contexts on disk that serve one another: one workspace's. */
export interface ContextSet {
  /** Of all sets. Absolute path. */
  readonly folder: string;
  /** A folder in it. */
  readonly name: string;
  /** Of all sets together. */
  readonly maxBytes: number;
}
export type Priority = 'completion' | 'chat' | 'background';
export interface SamplingParams {
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repeatPenalty?: number;
  readonly seed?: number;
}
export interface GenerateChunk {
  readonly requestId: number;
  readonly tokens: readonly TokenId[];
  /** Complete characters only: a character split over tokens comes with its last one. */
  readonly text: string;
}
export interface EngineGenerateResult {
  readonly tokens: readonly TokenId[];
  readonly text: string;
  readonly stopReason: 'end' | 'stop' | 'length' | 'cancelled' | 'timeout' | 'context-full';
  /** The sequence that was used; absent where the request got none. */
  readonly sequence?: string;
  readonly reusedTokens: number;
  /** Of those reused, the ones that were read from disk. */
  readonly restoredTokens?: number;
  readonly evaluatedTokens: number;
  readonly promptMs: number;
  readonly generateMs: number;
}

/** Front → engine: forgets a sequence's cache. */
export const RELEASE_SEQUENCE = request<ReleaseSequenceParams, null>('engine/releaseSequence');
export interface ReleaseSequenceParams {
  readonly sequence: string;
}

/** Front → engine: whether a sequence is still kept. The answer is a boolean. */
export const HAS_SEQUENCE = request<HasSequenceParams, boolean>('engine/hasSequence');
export type HasSequenceParams = ReleaseSequenceParams;

/**
 * Front → engine: texts that answers may go on like, as tokens, the best last, under a name; in place of those before,
 * and none at all takes them away.
 */
export const SET_TEXTS = request<SetTextsParams, null>('engine/setTexts');
export interface SetTextsParams {
  readonly name: string;
  /** Told again by requests that ask for just these. */
  readonly version: string;
  readonly texts: readonly (readonly TokenId[])[];
}
/** Of one name; the best are kept. */
export const MAX_TEXT_TOKENS = 65_536;

/**
 * Front → engine: writes the contexts that wait to be kept on disk, because the process is about to end. Answers when
 * they are written.
 */
export const KEEP_CONTEXTS = request<null, null>('engine/keepContexts');

/**
 * Front → engine: removes a set of contexts from disk, or without a name all sets; requests under way will not be kept.
 */
export const FORGET_CONTEXTS = request<ForgetContextsParams, null>('engine/forgetContexts');
export type ForgetContextsParams = Pick<ContextSet, 'folder'> & Partial<Pick<ContextSet, 'name'>>;
