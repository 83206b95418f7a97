import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { postprocess } from '../../../../sidecar/completion/postprocess/index.ts';
import { type StopRule, stopAtBlockEnd, stopAtLineEnd } from '../../../../sidecar/completion/stopping.ts';
import { cursorAt } from '../cursorAt.ts';

export interface Case {
  readonly name: string;
  /** The document, with `‸` at the cursor. */
  readonly document: string;
  readonly model: string;
  readonly shown: string;
  readonly multiline?: boolean;
  readonly languageId?: string;
  /** Whether a limit cut the model's text off. */
  readonly cutOff?: boolean;
}

/** Tests which part of a model's text is shown, in groups of cases. */
export function testShown(groups: Readonly<Record<string, readonly Case[]>>): void {
  for (const [group, cases] of Object.entries(groups)) {
    describe(`A completion: ${group}`, () => {
      for (const { name, document, model, shown, multiline = false, languageId, cutOff = false } of cases) {
        test(name, () => {
          const cursor = cursorAt(document, languageId);
          const said = saidUntil(multiline ? stopAtBlockEnd(cursor) : stopAtLineEnd, model);
          assert.equal(postprocess(said, { cursor, multiline, ended: !cutOff }), shown);
        });
      }
    });
  }
}

/** Returns the model's part of a text, some units at a time, until the stop rule ends it. */
function saidUntil(isEnough: StopRule, text: string): string {
  let end = 0;
  while (end < text.length && !isEnough(text.slice(0, end))) end += 3;
  return text.slice(0, end);
}
