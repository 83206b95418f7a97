import { locateCode } from '../../../extension/chat/locateCode.ts';

/** A file after its place for a block took the block; `undefined`: it has no such place. */
export function applied(file: string, code: string): string | undefined {
  const span = locateCode(file, code);
  const lines = file.split('\n');
  return span && [...lines.slice(0, span.start), code, ...lines.slice(span.end)].join('\n');
}
