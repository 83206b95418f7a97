import type { TokenId } from './text.ts';
import { notification, request } from '../messages.ts';

interface NgramParams {
  /** The version of the texts (`SetTextsParams`). */
  readonly version: string;
  /** The last tokens before the generated text. The prompt may instead end with the text behind a gap. */
  readonly before: readonly TokenId[];
}

/**
 * Front → engine: continues `tokens`, and sends the result in parts by `GENERATE_CHUNK`. The engine reuses the longest
 * prefix of `tokens` that the sequence already holds.
 */
export const GENERATE = request<EngineGenerateParams, EngineGenerateResult>('engine/generate');
export const GENERATE_CHUNK = notification<GenerateChunk>('engine/generateChunk');
export interface EngineGenerateParams {
  /** The front's unique number of the request. Its chunks have the same number. */
  readonly requestId: number;
  /**
   * The name of a sequence ("completion:<client>", "chat:<id>"). Requests of one name share its cache and run in turn.
   */
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
  /** The name of texts to draft from (`SET_TEXTS`). The model verifies the drafts. */
  readonly texts?: string;
  /**
   * Interpolates the probabilities of the n-grams of `texts` with the model's, if the texts have this version. Only
   * Chorus's own engine does this.
   */
  readonly ngrams?: NgramParams;
  /** A completion preempts a chat between two tokens. A chat preempts background work. */
  readonly priority: Priority;
  /** Chooses the adapters that count for the tokens. Default: completion. */
  readonly purpose?: Purpose;
  /** The expert of the request's workspace. It counts for completion, beside the adapters that it does not include. */
  readonly expert?: ExpertFile;
  readonly tokens: readonly TokenId[];
  /**
   * Tokens that may follow the prompt. The result tells how likely each is. Only with `maxTokens` 0, and only on
   * Chorus's own engine.
   */
  readonly expected?: readonly TokenId[];
  /** Whether the result tells how likely each generated token is. Only Chorus's own engine does this. */
  readonly probabilities?: boolean;
  readonly maxTokens: number;
  readonly sampling: SamplingParams;
  /**
   * For token healing: the text of the tokens that were removed from the prompt's end. The output begins with this
   * text.
   */
  readonly requiredPrefix?: string;
  /** Runs of white space. One of them follows `requiredPrefix`, and then text on the same line. */
  readonly indentations?: readonly string[];
  /** A GBNF grammar that constrains the output. Excludes `requiredPrefix` and `indentations`. */
  readonly grammar?: string;
  /** A JSON Schema that constrains the output. */
  readonly jsonSchema?: object;
  /** Texts that end the generation. They are not part of the output. */
  readonly stop?: readonly string[];
  /** Ends the generation after this time, with the output so far. */
  readonly timeoutMs?: number;
  /** Whether the output contains the text of special tokens. */
  readonly special?: boolean;
  /** Whether to use only half the threads, to save power. */
  readonly quiet?: boolean;
  /** The set on disk that keeps and restores the evaluated context. Absent: the context is kept only in memory. */
  readonly contextSet?: ContextSet;
}
/** A low-rank adapter for the requests of one workspace. */
export interface ExpertFile {
  readonly path: string;
  /** Another version may have other values. */
  readonly version: string;
}
/** The evaluated contexts of one workspace on disk. A request may restore any context of its set. */
export interface ContextSet {
  /** The absolute path of the folder of all sets. */
  readonly folder: string;
  /** The name of the set's folder in it. */
  readonly name: string;
  /** The limit of all sets together. */
  readonly maxBytes: number;
}
export type Priority = 'completion' | 'chat' | 'background';
/** Completion continues a text or fills a gap in it. Chat answers messages. */
export const PURPOSES = ['completion', 'chat'] as const;
export type Purpose = (typeof PURPOSES)[number];
export interface SamplingParams {
  /** 0: greedy. */
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
  /** Complete characters only. A character of several tokens comes with the last of them. */
  readonly text: string;
}
/** How likely a token is at its place. */
export interface TokenLikelihood {
  /** The negative natural logarithm of the token's probability. */
  readonly nats: number;
  /** The likeliest token at this place. */
  readonly best: TokenId;
  /** The negative natural logarithm of the probability of `best`. */
  readonly bestNats: number;
}
export interface EngineGenerateResult {
  readonly tokens: readonly TokenId[];
  /**
   * The negative natural logarithm of each sampled token's probability, if the request asked for it. It includes the
   * tokens of a stop text.
   */
  readonly nats?: readonly number[];
  /** In the order of the request's `expected`. Absent if the request ended earlier. */
  readonly expected?: readonly TokenLikelihood[];
  readonly text: string;
  readonly stopReason: 'end' | 'stop' | 'length' | 'cancelled' | 'timeout' | 'context-full';
  /** The name of the sequence that was used. Absent if the request got none. */
  readonly sequence?: string;
  readonly reusedTokens: number;
  /** The reused tokens that were read from disk. */
  readonly restoredTokens?: number;
  readonly evaluatedTokens: number;
  readonly promptMs: number;
  readonly generateMs: number;
}

/** Front → engine: releases a sequence and its cache. */
export const RELEASE_SEQUENCE = request<ReleaseSequenceParams, null>('engine/releaseSequence');
export interface ReleaseSequenceParams {
  readonly sequence: string;
}

/** Front → engine: returns whether the engine still keeps a sequence. */
export const HAS_SEQUENCE = request<HasSequenceParams, boolean>('engine/hasSequence');
export type HasSequenceParams = ReleaseSequenceParams;

/**
 * Front → engine: sets the texts to draft from under a name, as tokens, the best text last. They replace the previous
 * texts of that name. An empty list removes them.
 */
export const SET_TEXTS = request<SetTextsParams, null>('engine/setTexts');
export interface SetTextsParams {
  readonly name: string;
  /** Requests that want exactly these texts name this version. */
  readonly version: string;
  readonly texts: readonly (readonly TokenId[])[];
}
/** The most tokens of texts under one name. The last ones are kept. */
export const MAX_TEXT_TOKENS = 65_536;

/** Front → engine: writes the contexts that wait to be kept on disk, and then responds. The process is about to end. */
export const KEEP_CONTEXTS = request<null, null>('engine/keepContexts');

/** Front → engine: deletes a set of contexts, or all sets if `name` is absent. Running requests keep no context. */
export const FORGET_CONTEXTS = request<ForgetContextsParams, null>('engine/forgetContexts');
export type ForgetContextsParams = Pick<ContextSet, 'folder'> & Partial<Pick<ContextSet, 'name'>>;
