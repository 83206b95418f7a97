import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answeredQuestions } from './answers.ts';

describe('answeredQuestions', () => {
  it('returns the sections of a page of the manual as plain words', () => {
    const html = `<h3>Table of Contents</h3><ul><li>x</li></ul>
<section id="a"><h3><a class="toc-backref" href="#id1" role="doc-backlink">Why does <code>-22 // 10</code> return -3?</a><a class="headerlink" href="#a">¶</a></h3>
<p>It is so that <code>i % j</code> has the same sign as <code>j</code>.</p><pre>i == (i // j) * j
</pre></section>
<section id="b"><h3><a class="toc-backref" href="#id2" role="doc-backlink">Is it free?</a><a class="headerlink" href="#b">¶</a></h3>
<p>Yes.</p></section>
<section id="c"><h3><a class="toc-backref" href="#id3" role="doc-backlink">Nothing?</a><a class="headerlink" href="#c">¶</a></h3></section>`;
    assert.deepEqual(answeredQuestions('design', html), [
      {
        id: 'design 0',
        question: 'Why does -22 // 10 return -3?',
        answer: 'It is so that i % j has the same sign as j.\n\ni == (i // j) * j',
      },
      { id: 'design 1', question: 'Is it free?', answer: 'Yes.' },
    ]);
  });
});
