import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ServerStandInNotice } from '../../../sidecar/cli/serverStandInNotice.ts';
import type { SidecarStatus } from '../../../sidecar/protocol/client.ts';

function told(...statuses: readonly (readonly string[] | undefined)[]): string {
  let text = '';
  const notice = new ServerStandInNotice({
    isTTY: true,
    write: (part: unknown) => {
      text += String(part);
      return true;
    },
  });
  for (const reasons of statuses) {
    const server = reasons && { host: 'gpu.example', model: 'coder', leavesMachine: true, reasonsForLocal: reasons };
    notice.tell({ state: 'ready', ...(server ? { server } : {}) } satisfies SidecarStatus);
  }
  return text;
}

describe('StandInNotice', () => {
  it('says nothing while the server answers', () => assert.equal(told(undefined, []), ''));

  it('gives a reason once', () => {
    const reason = 'gpu.example refuses the key (401).';
    assert.equal(told([reason], [reason], []), `The model on this machine answers in place of the server. ${reason}\n`);
  });

  it('gives every reason, without control characters', () => {
    const text = told(['It sleeps.\u001b[2J'], ['It sleeps.\u001b[2J', 'It is full.']);
    assert.equal(text.split('\n').length, 3);
    assert.match(text, /It sleeps\.\[2J\n.*It is full\./);
  });
});
