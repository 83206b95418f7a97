import { commonIndentation } from '../../syntax/commonIndentation.ts';

/** The target of an edit for the model: whole lines without their common indentation. */
export interface OutdentedTarget {
  readonly text: string;
  /** The common indentation that was removed. */
  readonly indentation: string;
  /** White space between the line's start and the target's start. `before` already contains it. */
  readonly lead: string;
}

export function outdent(target: string, before: string): OutdentedTarget {
  const lineStart = before.slice(before.lastIndexOf('\n') + 1);
  const lead = /^[ \t]*$/.test(lineStart) ? lineStart : '';
  const lines = `${lead}${target}`.replaceAll('\r\n', '\n').split('\n');
  const indentation = commonIndentation(lineStart === lead ? lines : lines.slice(1));
  return {
    text: lines
      .map((line) => (line.startsWith(indentation) ? line.slice(indentation.length) : line.trimStart()))
      .join('\n'),
    indentation,
    lead,
  };
}

/** Gives new code the target's indentation, kind of indentation, line ends and final line break. */
export function fitToTarget(code: string, target: string, outdented: OutdentedTarget): string {
  const raw = code.replaceAll('\r\n', '\n').split('\n');
  const own = commonIndentation(raw);
  const lines = withTargetUnit(
    raw.map((line) => line.slice(line.trim() === '' ? line.length : own.length)),
    target,
  );
  const inner = lines.map((line, index) =>
    line === '' || (index === 0 && outdented.lead === '' && !startsLine(outdented, target))
      ? line
      : outdented.indentation + line,
  );
  const text = inner.join('\n').replace(/\n+$/, '');
  const first = text.startsWith(outdented.lead) ? text.slice(outdented.lead.length) : text.trimStart();
  const finalBreak = /\n[ \t]*$/.exec(target.replaceAll('\r\n', '\n'))?.[0] ?? '';
  const result = first + finalBreak;
  return target.includes('\r\n') ? result.replaceAll('\n', '\r\n') : result;
}

/** Whether the target's own first line has the common indentation. */
function startsLine(outdented: OutdentedTarget, target: string): boolean {
  return outdented.indentation !== '' && target.startsWith(outdented.indentation);
}

/** Converts spaces to tabs if the file uses tabs, since models often write spaces. */
function withTargetUnit(lines: readonly string[], target: string): string[] {
  const usesTabs = /^\t/m.test(target) && !/^ {2,}\S/m.test(target);
  const unit = Math.min(
    ...lines.map((line) => /^ +/.exec(line)?.[0].length ?? Infinity).filter((length) => length > 1),
  );
  if (!usesTabs || !Number.isFinite(unit)) return [...lines];
  return lines.map((line) =>
    line.replace(/^ +/, (spaces) => '\t'.repeat(Math.floor(spaces.length / unit)) + ' '.repeat(spaces.length % unit)),
  );
}
