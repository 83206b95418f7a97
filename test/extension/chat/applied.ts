import { locateCode } from '../../../extension/chat/locateCode.ts';

/** Returns a file after the block was applied, or `undefined` if the file has no place for it. */
export function applied(file: string, code: string): string | undefined {
  const span = locateCode(file, code);
  const lines = file.split('\n');
  return span && [...lines.slice(0, span.start), code, ...lines.slice(span.end)].join('\n');
}
