import type { TokenId } from '../../../sidecar/protocol/engine.ts';
import { ScriptedEngine } from '../completion/scriptedEngine.ts';

/**
 * The ends of prompts in reasoning models' templates. Most leave the thoughts to the model, some open them, and some
 * can turn them off.
 */
export const REASONING_PROMPT_ENDS = [
  '<assistant>\n',
  '<assistant>\n<think>\n',
  '<assistant>\n<think>\n\n</think>\n\n',
] as const;

/**
 * An engine of a model that thinks before it writes `answer`, unless its prompt has empty thoughts. Its template's
 * prompts end with `end`.
 */
export function reasoningEngine(end: string, answer: string): ScriptedEngine {
  const engine = new ScriptedEngine([], { chatTemplate: '{{ messages }}<think>' });
  engine.chatTemplate = async (): Promise<readonly TokenId[]> =>
    engine.tokenize(`<user>${'what is asked '.repeat(4)}${end}`);
  engine.answer = ({ tokens }) => {
    const prompt = String.fromCharCode(...tokens);
    if (prompt.endsWith('<assistant>\n<think>\n\n</think>\n\n')) return answer;
    return `${prompt.endsWith('<think>\n') ? '' : '<think>\n'}Okay, the user wants something of me.\n</think>\n\n${answer}`;
  };
  return engine;
}
