import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { createInterface, type Interface } from 'node:readline';
import {
  CHAT_REQUEST,
  type ChatChunk,
  type ChatMessage,
  type ChatParams,
  type ChatResult,
} from '../../protocol/client.ts';
import { tellOfBundledModel } from '../bundledModelNotice.ts';
import { InterruptedError, UsageError } from '../exitCodes.ts';
import { describeFailure, reportFailure } from '../failure.ts';
import { onInterrupt } from '../interrupt.ts';
import { printJson, readStandardInput } from '../output.ts';
import { Questions } from '../questions.ts';
import {
  serverOf,
  settingsOf,
  withModelOptions,
  withServerOptions,
  type ModelOptions,
  type ServerOptions,
} from '../options.ts';
import { Session } from '../session.ts';
import { ServerStandInNotice } from '../serverStandInNotice.ts';
import { configure, loadModel, sidecarStatus, withSession, type Work } from '../withSession.ts';
import { writeForeignText } from '../terminal.ts';

interface ChatOptions extends ModelOptions, ServerOptions {
  readonly language?: string;
  readonly system?: string;
}

/** `chorus chat`: a conversation, or one answer to a question from the command line or standard input. */
export function addChat(program: Command): void {
  const command = program
    .command('chat')
    .description(l10n.t('chat with the model, or answer one question given as an argument or on standard input'))
    .argument('[question...]', l10n.t('the question'));
  withServerOptions(withModelOptions(command))
    .option('--language <tag>', 'answer in this language, for example "de" (default: that of the question)')
    .option('--system <text>', 'instructions before the conversation')
    .action(chat);
}

async function chat(question: readonly string[], options: ChatOptions): Promise<void> {
  if (question.length > 0) return answerOnce(question.join(' '), options);
  if (!process.stdin.isTTY) return answerOnce(await readStandardInput(), options);
  if (options.json)
    throw new UsageError('chat --json answers one question: give it as an argument or on standard input');
  return converse(options);
}

async function answerOnce(question: string, options: ChatOptions): Promise<void> {
  if (question.trim() === '')
    throw new UsageError('Expected a question as an argument or on standard input, but it is empty');
  const messages = [...systemMessage(options), { role: 'user', content: question } as const];
  const work = async ({ session, signal }: Work): Promise<ChatResult> => {
    await tellOfBundledModel({ session, signal }, options);
    const answer = await ask(session, { options, messages, conversationId: randomUUID(), signal });
    if (!options.json) process.stdout.write('\n');
    return answer;
  };
  const result = await withSession(settingsOf(options), work, { server: serverOf(options) });
  if (options.json) printJson(result);
}

async function converse(options: ChatOptions): Promise<void> {
  const session = await openLoaded(options);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const isCommand = (line: string): boolean => line.trim() === '/new';
  const questions = new Questions(terminal, {
    isCommand,
    show: (question) => writeForeignText(process.stdout, `> ${question}\n`),
  });
  try {
    process.stdout.write(`${l10n.t('/new begins a new conversation, Ctrl-C stops an answer, Ctrl-D ends.')}\n`);
    await tellOfBundledModel({ session }, options);
    const notice = new ServerStandInNotice();
    let conversationId = randomUUID();
    let messages: ChatMessage[] = [...systemMessage(options)];
    for (;;) {
      const question = await questions.next();
      // Ctrl-C at the prompt or Ctrl-D ends the conversation.
      if (question === undefined) break;
      if (question.trim() === '') continue;
      if (isCommand(question)) {
        conversationId = randomUUID();
        messages = [...systemMessage(options)];
        continue;
      }
      messages.push({ role: 'user', content: question });
      const answer = await askInTerminal(session, terminal, { options, messages, conversationId });
      if (answer === undefined) messages.pop();
      else messages.push({ role: 'assistant', content: answer });
      if (options.server !== undefined) notice.tell(await sidecarStatus(session));
    }
  } finally {
    terminal.close();
    await session.close();
  }
}

async function openLoaded(options: ChatOptions): Promise<Session> {
  const interrupt = onInterrupt();
  const server = serverOf(options);
  const settings = settingsOf(options);
  const session = await Session.open(settings);
  try {
    await configure(session, { server });
    await loadModel(session, settings, interrupt.signal);
    if (interrupt.signal.aborted) throw new InterruptedError();
    return session;
  } catch (error) {
    await session.close();
    throw interrupt.signal.aborted ? new InterruptedError('Interrupted', { cause: error }) : error;
  } finally {
    interrupt.dispose();
  }
}

/** Requests an answer in a conversation. A failure is printed and ends only this answer. */
async function askInTerminal(
  session: Session,
  terminal: Interface,
  request: Omit<ChatRequest, 'signal'>,
): Promise<string | undefined> {
  const interrupt = onInterrupt();
  const stop = (): void => void process.emit('SIGINT');
  // readline keeps the terminal in raw mode, where Ctrl-C is a key and no signal.
  terminal.on('SIGINT', stop);
  terminal.on('close', stop);
  try {
    return (await ask(session, { ...request, signal: interrupt.signal })).text;
  } catch (error) {
    if (!interrupt.signal.aborted) reportFailure(describeFailure(error), false);
    return undefined;
  } finally {
    terminal.off('SIGINT', stop);
    terminal.off('close', stop);
    interrupt.dispose();
    process.stdout.write('\n');
  }
}

interface ChatRequest {
  readonly options: ChatOptions;
  readonly messages: readonly ChatMessage[];
  readonly conversationId: string;
  readonly signal: AbortSignal;
}

function ask(session: Session, { options, messages, conversationId, signal }: ChatRequest): Promise<ChatResult> {
  const params: ChatParams = { conversationId, messages, language: options.language };
  const onPart = (chunk: ChatChunk): void => {
    if (!options.json) writeForeignText(process.stdout, chunk.text);
  };
  return session.request(CHAT_REQUEST, params, { onPart, signal });
}

function systemMessage(options: ChatOptions): readonly ChatMessage[] {
  return options.system === undefined ? [] : [{ role: 'system', content: options.system }];
}
