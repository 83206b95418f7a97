/**
 * The process that renders chat templates. Its parent is the engine.
 *
 * A model's file may contain any template, and a template may loop forever or fill the memory. So this process ends
 * renderings that take too long, and running out of memory ends only this process.
 */
import { Template } from '@huggingface/jinja';
import process from 'node:process';
import vm from 'node:vm';
import { startLifeline } from '../../common/childProcess/lifeline.ts';
import { MAX_PROMPT_UNITS, MAX_TOLD_UNITS, type RenderAnswer, type RenderRequest } from './messages.ts';

/** The last parsed template. A model has a single template. */
let read: { readonly source: string; readonly template: Template } | undefined;

startLifeline();
// Ctrl-C reaches every process of a terminal; the parent decides when this process ends.
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

/** A timer would not fire during a loop, but V8 can stop a script that runs in its own context. */
function withinTime(limitMs: number, work: () => RenderAnswer): RenderAnswer {
  Object.assign(globalThis, { chorusRender: work });
  try {
    return vm.runInThisContext('chorusRender()', { timeout: limitMs }) as RenderAnswer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { result: 'late' };
    throw error;
  }
}
