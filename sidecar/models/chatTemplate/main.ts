/**
 * The process that renders chat templates. A model's file may hold any template, and a template may hold any loop: what
 * one takes too long for is ended here, and one that takes too much memory brings down this process alone. Its parent
 * is the engine.
 */
import { Template } from '@huggingface/jinja';
import process from 'node:process';
import vm from 'node:vm';
import { startLifeline } from '../../common/childProcess/lifeline.ts';
import { MAX_PROMPT_UNITS, MAX_TOLD_UNITS, type RenderAnswer, type RenderRequest } from './messages.ts';

/** The template that was read last: a model has one. */
let read: { readonly source: string; readonly template: Template } | undefined;

startLifeline();
// Ctrl-C reaches every process of a terminal; the parent says what to do.
process.on('SIGINT', () => undefined);
process.on('message', (request: RenderRequest) => process.send?.(withinTime(request.limitMs, () => render(request))));

function render({ source, variables }: RenderRequest): RenderAnswer {
  try {
    if (read?.source !== source) read = { source, template: new Template(source) };
  } catch (error) {
    return { result: 'unreadable', message: toldOf(error) };
  }
  try {
    const text = read.template.render({ ...variables });
    return text.length > MAX_PROMPT_UNITS ? { result: 'long', units: text.length } : { result: 'text', text };
  } catch (error) {
    return { result: 'refused', message: toldOf(error) };
  }
}

function toldOf(error: unknown): string {
  return String((error as Error).message).slice(0, MAX_TOLD_UNITS);
}

/** A timer would not fire in a loop; V8 ends what a script of its own calls. */
function withinTime(limitMs: number, work: () => RenderAnswer): RenderAnswer {
  Object.assign(globalThis, { chorusRender: work });
  try {
    return vm.runInThisContext('chorusRender()', { timeout: limitMs }) as RenderAnswer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { result: 'late' };
    throw error;
  }
}
