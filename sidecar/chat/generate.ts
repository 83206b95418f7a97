import type { ModelSession } from '../engine/engine.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { ChatSettings, GenerateParams, GeneratePart, ToolCall } from '../protocol/client.ts';
import type {
  ContextSet,
  EngineGenerateParams,
  EngineGenerateResult,
  LoadedModel,
  SamplingParams,
  TokenId,
} from '../protocol/engine.ts';
import { renderChat } from './renderChat.ts';
import { callSchema, parseCall, templateMessages, templateTools, toolSyntax, type ToolSyntax } from './tools.ts';

/** A model that makes more calls than this in one answer repeats itself. */
const MAX_CALLS = 8;
/** The tokens kept for an answer if the caller sets no limit. */
const DEFAULT_MAX_TOKENS = 1024;
export const DEFAULT_TEMPERATURE = 0.2;

export interface GenerateOutcome {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly stopReason: EngineGenerateResult['stopReason'];
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly generateMs: number;
}

export interface GenerateRun {
  readonly session: ModelSession;
  readonly model: LoadedModel;
  readonly params: GenerateParams;
  readonly settings: ChatSettings;
  readonly sequence: string;
  /** Where the evaluated context is kept. Called at each evaluation. */
  readonly contextSet: (() => ContextSet | undefined) | undefined;
  readonly onPart: (part: GeneratePart) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Continues messages or plain text as given. With tools, the answer may contain calls. The engine generates a call
 * under the tools' schema, so a call is always valid. A call begins where the model opens one, or at once if `toolMode`
 * is 'required'. Rejects with `TroubleError`.
 */
export async function generate(run: GenerateRun): Promise<GenerateOutcome> {
  const { params, model } = run;
  const tools = params.tools ?? [];
  if (tools.length > 0 && !model.supportsToolCalling) {
    throw new TroubleError(
      'invalid-input',
      `${model.name} has no tool calling in its chat template. Ask without tools, or choose another model.`,
    );
  }
  const prompt = await promptTokens(run);
  const room = model.contextSizeTokens - prompt.tokens.length;
  if (room < 1) {
    throw new TroubleError(
      'context-overflow',
      `The request is ${prompt.tokens.length} tokens long, and ${model.name} has a context of ${model.contextSizeTokens}. Send less, or raise the context size.`,
    );
  }
  const answer = new Answer(run, prompt.tokens, Math.min(params.maxTokens ?? DEFAULT_MAX_TOKENS, room));
  if (tools.length === 0) await answer.continue({ stop: [...(params.stop ?? []), ...prompt.stop] });
  else await withTools(answer, params, toolSyntax(model));
  return answer.outcome();
}

async function promptTokens({
  session,
  model,
  params,
}: GenerateRun): Promise<{ tokens: readonly TokenId[]; stop: readonly string[] }> {
  if (params.messages?.length)
    return renderChat(session, model, templateMessages(params.messages), { tools: templateTools(params.tools ?? []) });
  if (!params.prompt)
    throw new TroubleError('invalid-input', 'Expected messages or a prompt to continue, got neither.');
  const tokens = await session.engine.tokenize(params.prompt);
  const { bos, addBos } = model.special;
  return { tokens: addBos && bos !== undefined && tokens[0] !== bos ? [bos, ...tokens] : tokens, stop: [] };
}

async function withTools(answer: Answer, params: GenerateParams, syntax: ToolSyntax): Promise<void> {
  if (params.stop?.length)
    throw new TroubleError(
      'invalid-input',
      'Stop texts cannot be combined with tools: it would be unclear which of them ended the text.',
    );
  const tools = params.tools ?? [];
  const jsonSchema = callSchema(tools, syntax);
  // Without an opening mark, a call is an answer that begins with a brace.
  const mark = syntax.open.trim() || '{';
  for (let calls = 0; calls < MAX_CALLS; calls += 1) {
    if (calls > 0 || params.toolMode !== 'required') {
      const said = await answer.continue({ stop: [mark] });
      if (said.stopReason !== 'stop') return;
      if (syntax.open === '' && said.text.trim() !== '') {
        await answer.say(mark);
        await answer.continue({});
        return;
      }
    }
    await answer.append(syntax.open);
    const written = await answer.continue({ jsonSchema, hidden: true });
    if (written.stopReason === 'cancelled' || written.stopReason === 'timeout') return;
    if (!answer.addCall(parseCall(written.text, tools, syntax)) || !syntax.several) return;
    await answer.append(syntax.close);
  }
}

/** An answer made of several engine runs over a growing prompt. */
class Answer {
  readonly #calls: ToolCall[] = [];
  #text = '';
  #generatedTokens = 0;
  #generateMs = 0;
  #stopReason: EngineGenerateResult['stopReason'] = 'end';
  #tokens: readonly TokenId[];

  constructor(
    private readonly run: GenerateRun,
    private readonly prompt: readonly TokenId[],
    private readonly maxTokens: number,
  ) {
    this.#tokens = prompt;
  }

  /** Lets the model continue. `hidden` text is not shown to the caller. */
  async continue(options: {
    readonly stop?: readonly string[];
    readonly jsonSchema?: object;
    readonly hidden?: boolean;
  }): Promise<EngineGenerateResult> {
    const { params, settings, session, sequence, contextSet, onPart, signal } = this.run;
    const request: Omit<EngineGenerateParams, 'requestId'> = {
      sequence,
      priority: 'chat',
      purpose: params.messages?.length ? 'chat' : 'completion',
      tokens: this.#tokens,
      maxTokens: Math.max(1, this.maxTokens - this.#generatedTokens),
      sampling: samplingOf(params, settings),
      contextSet: contextSet?.(),
      ...(options.stop?.length ? { stop: options.stop } : {}),
      ...(options.jsonSchema ? { jsonSchema: options.jsonSchema } : {}),
      // Marks such as <tool_call> are special tokens of some vocabularies.
      ...(params.tools?.length ? { special: true } : {}),
    };
    const result = await session.engine.generate(request, {
      ...(signal ? { signal } : {}),
      onChunk: ({ text }) => {
        if (!options.hidden && text !== '') onPart({ text });
      },
    });
    this.#generatedTokens += result.tokens.length;
    this.#generateMs += result.generateMs;
    this.#stopReason = result.stopReason;
    if (!options.hidden) this.#text += result.text;
    await this.append(result.text);
    return result;
  }

  /** Adds text to the prompt. */
  async append(text: string): Promise<void> {
    if (text !== '')
      this.#tokens = [...this.#tokens, ...(await this.run.session.engine.tokenize(text, { special: true }))];
  }

  /** Adds text to the prompt and to the answer. */
  async say(text: string): Promise<void> {
    this.#text += text;
    this.run.onPart({ text });
    await this.append(text);
  }

  /** Adds a call. Returns false if the same call was made before, since the model then repeats itself. */
  addCall(call: ToolCall): boolean {
    const same = (other: ToolCall): boolean =>
      other.name === call.name && JSON.stringify(other.input) === JSON.stringify(call.input);
    if (this.#calls.some(same)) return false;
    this.#calls.push(call);
    this.run.onPart({ toolCall: call });
    return true;
  }

  outcome(): GenerateOutcome {
    return {
      text: this.#text,
      toolCalls: this.#calls,
      stopReason: this.#stopReason,
      promptTokens: this.prompt.length,
      generatedTokens: this.#generatedTokens,
      generateMs: this.#generateMs,
    };
  }
}

function samplingOf(params: GenerateParams, settings: ChatSettings): SamplingParams {
  const { topK, topP, minP, seed } = params;
  return {
    temperature: params.temperature ?? settings.temperature ?? DEFAULT_TEMPERATURE,
    ...(topK === undefined ? {} : { topK }),
    ...(topP === undefined ? {} : { topP }),
    ...(minP === undefined ? {} : { minP }),
    ...(seed === undefined ? {} : { seed }),
  };
}
