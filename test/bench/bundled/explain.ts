import { createHash, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ChatService } from '../../../sidecar/chat/chatService.ts';
import { asksForSentence, chatPrompt } from '../../../sidecar/chat/commands/index.ts';
import type { ConversationParams } from '../../../sidecar/chat/conversation.ts';
import { codeFacts } from '../../../sidecar/syntax/codeFacts.ts';
import { Grammars } from '../../../sidecar/syntax/grammars.ts';
import { openBenchSession } from '../benchSession.ts';
import type { Deadline } from '../kept/deadline.ts';
import { repositoryRoot } from '../report.ts';
import type { ExplainedFunction } from './explainedFunctions.ts';
import { JudgedFile, type Explained } from './judgedFile.ts';
import type { BenchModel } from './models.ts';

/** The maximum length of an answer. The panel allows longer ones, which small models fill with repetitions. */
const MAX_TOKENS = 320;

/** Changes where other facts are shown, so that explanations are made again. */
const FACTS_VERSION = 'with facts';
const grammars = new Grammars(path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm')));

const judgedFile = new JudgedFile(path.join(repositoryRoot, 'docs', 'results', 'explanations.judged.json'));

/**
 * Lets the model explain functions as the panel asks, except those already in the file of verdicts. Resolves with the
 * explanations so far when the time is over.
 */
export async function explainAll(
  model: BenchModel,
  functions: readonly ExplainedFunction[],
  deadline: Deadline,
): Promise<readonly Explained[]> {
  const kept = new Map((await judgedFile.read(model.digest)).map((one) => [one.id, one]));
  const asked = { command: 'explain', words: '' } as const;
  const shape = { engine: 'chorus', sizeBytes: model.sizeBytes } as const;
  const request = `${chatPrompt(asked, shape)}${asksForSentence(asked, shape) ? ` ${FACTS_VERSION}` : ''}`;
  const digestOf = (code: string): string =>
    createHash('sha1').update(`${request}\n${code}`).digest('hex').slice(0, 12);
  const missing = functions.filter(({ id, code }) => kept.get(id)?.digest !== digestOf(code));
  const inOrder = (): readonly Explained[] =>
    functions.flatMap(({ id, code }) => (kept.get(id)?.digest === digestOf(code) ? [kept.get(id) as Explained] : []));
  if (missing.length === 0 || deadline.isOver) return inOrder();
  const session = await openBenchSession({ modelPath: model.file, experts: model.experts });
  try {
    const chat = new ChatService({ session });
    for (const { id, languageId, code } of missing) {
      if (deadline.isOver) break;
      const params = {
        conversationId: randomUUID(),
        messages: [{ role: 'user', content: '' }],
        command: 'explain',
        context: [
          { kind: 'selection', uri: `file:///${id}`, languageId, lines: [0, code.split('\n').length - 1], text: code },
        ],
        language: 'en',
        factsOf: ({ text }) => codeFacts(text, languageId, grammars),
      } satisfies ConversationParams;
      const { text: answer } = await chat.chat(params, { temperature: 0, maxTokens: MAX_TOKENS }, () => undefined);
      kept.set(id, { id, digest: digestOf(code), answer, verdict: '', why: '' });
      await judgedFile.write(model, inOrder());
      console.error(`${model.name}: ${kept.size} of ${functions.length} explained`);
    }
  } finally {
    await session.dispose();
  }
  return inOrder();
}
