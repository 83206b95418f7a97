import { isOwnText } from '../workspaceIndex/notebookUris.ts';
import type { ModelSession } from '../engine/engine.ts';
import { MAX_TIMER_MS } from '../common/maxTimer.ts';
import { LONGEST_NGRAM } from '../models/decoding/ngramModel.ts';
import { COMPLETION_TIMEOUT_MS, type LastCompletion } from '../protocol/client.ts';
import type { LoadedModel, Priority } from '../protocol/engine.ts';
import { isBehindHead } from '../syntax/blocks.ts';
import { allowedIndentations } from '../syntax/allowedIndentations.ts';
import { addDistinct, EXPLICIT_CANDIDATES, samplingOf } from './candidates.ts';
import type { ClientSequences, SequenceChoice } from './clientSequences.ts';
import type { Cursor } from './cursor.ts';
import type { FimFormat } from './prompt/fim.ts';
import { explainCompletion, type MadeCompletion } from './explainCompletion.ts';
import { generateText, type GeneratedText } from './generateText.ts';
import { chooseExtent, type Extent } from './multiline.ts';
import { postprocess } from './postprocess/index.ts';
import type { ContextPrompt, PromptMaker } from './prompt/promptMaker.ts';
import type { CompletionRequest } from './request.ts';
import { stopAfter, stopAtBlockEnd, stopAtLineEnd } from './stopping.ts';
import { onlyClosersFollow, worthCompleting } from './trigger.ts';
import type { GivenTexts, WorkspaceTexts } from './workspaceTexts.ts';

/** The limit for writing several lines. */
const MULTI_LINE_MS = 1500;
/** Filters may reject the likeliest text, such as a repetition of the line above. Then the next candidate is tried. */
const AUTOMATIC_ATTEMPTS = 2;
/** The number of tokens that repeat the text that token healing took back. */
const HEALED_TOKENS = 4;
/**
 * The largest model whose predictions are combined with n-grams. N-grams help models of 100 and 145 MB. They change
 * nothing for one of 260 MB, and larger models are better without them (docs/workspace-context.md).
 */
const MOST_NGRAM_BYTES = 200_000_000;

export interface MadeCandidates {
  /** Best first. An empty list means that there is nothing to show. */
  readonly texts: readonly string[];
  /** Why the first completion has its text. */
  readonly explanation: LastCompletion | undefined;
}

export interface MakeOptions {
  readonly signal: AbortSignal;
  /** Called with new text of the first candidate. */
  readonly onText: (text: string) => void;
  /** Called if the time limit cut off the best text or left none. */
  readonly onOutOfTime?: () => void;
  /** The completion is made ahead of a request: all other work goes first, and prompts keep their context. */
  readonly isAhead?: boolean;
}

/** One of the attempts at a completion. */
interface Attempt {
  readonly request: CompletionRequest;
  readonly model: LoadedModel;
  readonly prompt: ContextPrompt;
  readonly choice: SequenceChoice;
  readonly cursor: Cursor;
  readonly extent: Extent;
  /** The number of earlier attempts. */
  readonly attempt: number;
  readonly timeoutMs: number;
  readonly fim: FimFormat | undefined;
  readonly run: MakeOptions;
}

/** The result of an attempt. */
interface Candidate {
  readonly text: string;
  readonly isOutOfTime: boolean;
  readonly filteredOut: boolean;
  readonly sequence: string | undefined;
  readonly explanation: LastCompletion;
}

/** Asks the model for completions at a cursor. */
export class CandidateMaker {
  constructor(
    private readonly options: {
      session: ModelSession;
      prompts: PromptMaker;
      sequences: ClientSequences;
      texts: WorkspaceTexts;
      now: () => number;
      log: (message: string) => void;
    },
  ) {}

  /**
   * Returns the completions for a place. Returns `undefined` if nothing is known of it: there was no time, or the place
   * is not worth a completion. Rejects with `TroubleError`.
   */
  async make(request: CompletionRequest, cursor: Cursor, run: MakeOptions): Promise<MadeCandidates | undefined> {
    const { session, prompts, sequences, now } = this.options;
    const model = await session.model();
    const fim = await prompts.fimOf(model);
    if (run.signal.aborted) return undefined;
    if (!request.explicit && !worthCompleting(cursor, fim !== undefined)) return undefined;

    const extent = chooseExtent(cursor, request.settings);
    const prompt = await prompts.make({
      request,
      cursor,
      model,
      fim,
      extent,
      purpose: run.isAhead === true ? 'preparing' : 'asked',
    });
    const unfeltTokens = prompts.unfeltTokens(model);
    // The sequence that the prompt was made for. Another may replace it between two attempts.
    let choice = sequences.chooseForRequest(request, prompt.tokens, unfeltTokens);
    // Replacing the contents of this sequence would slow down a user who is still at its place.
    if (run.isAhead === true && sequences.lostTokens(choice, prompt.tokens) > unfeltTokens) return undefined;
    const texts: string[] = [];
    let explanation: LastCompletion | undefined;
    // Whether the time ran out for the best text, or for the last attempt if there is no text.
    let isOutOfTime = false;
    const attempts = request.explicit ? EXPLICIT_CANDIDATES + 1 : AUTOMATIC_ATTEMPTS;
    const wanted = request.explicit ? EXPLICIT_CANDIDATES : 1;
    const deadline = now() + Math.min(request.settings.timeoutMs ?? COMPLETION_TIMEOUT_MS, MAX_TIMER_MS);
    for (let attempt = 0; attempt < attempts && texts.length < wanted; attempt++) {
      const timeoutMs = Math.round(deadline - now());
      isOutOfTime ||= timeoutMs <= 0 && texts.length === 0;
      if (run.signal.aborted || timeoutMs <= 0) break;
      const candidate = await this.#candidate({
        request,
        model,
        prompt,
        choice,
        cursor,
        extent,
        attempt,
        timeoutMs,
        fim,
        run,
      });
      if (candidate === undefined) break;
      explanation ??= candidate.explanation;
      choice = { sequence: candidate.sequence ?? choice.sequence };
      if (texts.length === 0) isOutOfTime = candidate.isOutOfTime;
      if (candidate.text !== '') addDistinct(texts, candidate.text);
      if (!request.explicit && !candidate.filteredOut) break;
    }
    if (run.signal.aborted) return undefined;
    if (isOutOfTime) run.onOutOfTime?.();
    // A lack of time tells nothing about the place.
    return isOutOfTime && texts.length === 0 ? undefined : { texts, explanation };
  }

  /**
   * Returns the whole files whose n-grams are combined with the model. N-grams ignore the text behind the cursor. Only
   * the first attempt uses them: with them a filtered text would come again, and other choices would be equal.
   */
  #countedTexts(request: CompletionRequest, model: LoadedModel, { lineSuffix }: Cursor): GivenTexts | undefined {
    const { prompts, texts } = this.options;
    const isSmall = model.engine === 'chorus' && model.sizeBytes <= MOST_NGRAM_BYTES;
    return isSmall && onlyClosersFollow.test(lineSuffix) && prompts.wantedContextTokens(model, request) > 0
      ? texts.of(request)
      : undefined;
  }

  /** Returns `undefined` if the request was aborted. */
  async #candidate(attempted: Attempt): Promise<Candidate | undefined> {
    const { request, model, cursor, extent, attempt, run } = attempted;
    const { prompts, log } = this.options;
    const counted = attempt === 0 ? this.#countedTexts(request, model, cursor) : undefined;
    const generated = await this.#generate(attempted, counted);
    if (generated === undefined) return undefined;
    const { result } = generated;
    prompts.measured(model, result);
    const text = postprocess(generated.text, { cursor, multiline: extent.multiline, ended: generated.ended });
    log(
      `${run.isAhead === true ? 'prepared' : 'completion'}: ${result.reusedTokens} + ${result.evaluatedTokens} prompt tokens in ${Math.round(result.promptMs)} ms, ` +
        `${result.tokens.length} tokens in ${Math.round(result.generateMs)} ms (${result.stopReason}), ${text.length} characters kept`,
    );
    return {
      text,
      isOutOfTime: result.stopReason === 'timeout',
      filteredOut: text === '' && generated.text.trim() !== '',
      sequence: result.sequence,
      explanation: explain(attempted, counted, { text, result }),
    };
  }

  async #generate(
    { request, model, prompt, choice, cursor, extent, attempt, timeoutMs, fim, run }: Attempt,
    counted: GivenTexts | undefined,
  ): Promise<GeneratedText | undefined> {
    const { session, sequences, now } = this.options;
    const priority: Priority = run.isAhead === true ? 'background' : 'completion';
    // A block's body begins on the next line. Without this, small models tend to continue the line.
    const lineBreak = extent.multiline && isBehindHead(cursor) ? '\n' : '';
    const { before, after, syntax } = cursor;
    return generateText(
      session.engine,
      {
        ...choice,
        texts: sequences.texts(request.clientKey),
        ngrams: counted && { version: counted.version, before: prompt.before.slice(-LONGEST_NGRAM) },
        priority,
        tokens: prompt.tokens,
        requiredPrefix: prompt.requiredPrefix + lineBreak || undefined,
        indentations: allowedIndentations({ before: before + lineBreak, after, syntax }),
        maxTokens: extent.maxTokens + HEALED_TOKENS,
        sampling: samplingOf(attempt),
        stop: fim?.end,
        timeoutMs,
        contextSet: request.contextSet?.(),
        expert: await request.expert?.(model),
      },
      {
        signal: run.signal,
        takenBack: prompt.requiredPrefix,
        onResult: (result) => sequences.noteRequest(request, choice, prompt.tokens, result),
        stopRule: extent.multiline ? stopAfter(MULTI_LINE_MS, stopAtBlockEnd(cursor), now) : stopAtLineEnd,
        onText: attempt === 0 ? run.onText : undefined,
      },
    );
  }
}

function explain(
  { request, prompt, cursor }: Attempt,
  counted: GivenTexts | undefined,
  { text, result }: Pick<MadeCompletion, 'text' | 'result'>,
): LastCompletion {
  return explainCompletion({
    text: wordBefore(cursor.before) + text,
    documentText: request.text,
    promptTokens: prompt.tokens.length,
    contextTokens: prompt.contextTokens,
    context: prompt.context.filter(({ snippet }) => !isOwnText(snippet.uri, request.uri)),
    counted: (counted?.files ?? []).map(({ uri, text: fileText }) => ({
      uri,
      text: fileText,
      path: request.workspace?.pathOf(uri) ?? uri,
    })),
    result,
  });
}

/** Returns the part of a word before the cursor, since a name in the completion may begin there. */
function wordBefore(before: string): string {
  return /[\p{L}\p{N}_$]*$/u.exec(before.slice(-200))?.[0] ?? '';
}
