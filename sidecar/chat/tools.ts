import { randomUUID } from 'node:crypto';
import { parseJson } from '../common/parseJson.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { GenerateMessage, ToolCall, ToolDescription } from '../protocol/client.ts';
import type { LoadedModel, TemplateMessage } from '../protocol/engine.ts';

/** Mistral's templates refuse ids of any other length. */
const CALL_ID_LENGTH = 9;

/** How a model family writes a tool call. */
export interface ToolSyntax {
  /** The text that opens a call inside an answer. */
  readonly open: string;
  readonly close: string;
  /** The name of the member with a call's input. */
  readonly inputKey: 'arguments' | 'parameters';
  /** Whether the call is in an array. */
  readonly array: boolean;
  /** Whether several calls may follow one another. */
  readonly several: boolean;
}

/** Derives the syntax from the model's chat template. */
export function toolSyntax(model: LoadedModel): ToolSyntax {
  const template = model.chatTemplate ?? '';
  if (template.includes('<tool_call>'))
    return { open: '<tool_call>\n', close: '\n</tool_call>', inputKey: 'arguments', array: false, several: true };
  if (template.includes('[TOOL_CALLS]'))
    return { open: '[TOOL_CALLS]', close: '', inputKey: 'arguments', array: true, several: false };
  return {
    open: '',
    close: '',
    inputKey: template.includes('"parameters"') ? 'parameters' : 'arguments',
    array: false,
    several: false,
  };
}

/** Returns the tools in the form that chat templates expect. */
export function templateTools(tools: readonly ToolDescription[]): object[] {
  return tools.map(({ name, description, inputSchema }) => ({
    type: 'function',
    function: { name, description, parameters: inputSchema ?? { type: 'object', properties: {} } },
  }));
}

export function templateMessages(messages: readonly GenerateMessage[]): TemplateMessage[] {
  return messages.map((message) => ({
    role: message.role,
    content: message.content,
    ...(message.toolCalls?.length
      ? {
          tool_calls: message.toolCalls.map(({ id, name, input }) => ({
            type: 'function',
            id,
            function: { name, arguments: input },
          })),
        }
      : {}),
    ...(message.toolCallId === undefined ? {} : { tool_call_id: message.toolCallId }),
  }));
}

/** Returns the JSON Schema of a call of one of the tools. Any text that matches it is a valid call. */
export function callSchema(tools: readonly ToolDescription[], syntax: ToolSyntax): object {
  const calls = tools.map(({ name, inputSchema }) => ({
    type: 'object',
    properties: { name: { const: name }, [syntax.inputKey]: inputSchema ?? { type: 'object', properties: {} } },
    required: ['name', syntax.inputKey],
    additionalProperties: false,
  }));
  const call = calls.length === 1 ? (calls[0] as object) : { oneOf: calls };
  return syntax.array ? { type: 'array', items: call, minItems: 1, maxItems: 1 } : call;
}

/** Parses a call that a model wrote under `callSchema`. Throws `TroubleError` if it was cut off. */
export function parseCall(text: string, tools: readonly ToolDescription[], syntax: ToolSyntax): ToolCall {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new TroubleError(
      'engine-failed',
      `The model's tool call was cut off after ${text.length} characters. Allow more output tokens.`,
      { cause: error },
    );
  }
  const call = (Array.isArray(value) ? (value as unknown[])[0] : value) as Record<string, unknown>;
  const input = call[syntax.inputKey];
  const name = call['name'];
  if (
    typeof name !== 'string' ||
    !tools.some((tool) => tool.name === name) ||
    typeof input !== 'object' ||
    input === null
  ) {
    throw new TroubleError(
      'engine-failed',
      `Expected a call of one of ${tools.map((tool) => tool.name).join(', ')}, got a call of ${typeof name === 'string' ? name : 'no name'}.`,
    );
  }
  return { id: randomUUID().replaceAll('-', '').slice(0, CALL_ID_LENGTH), name, input };
}
