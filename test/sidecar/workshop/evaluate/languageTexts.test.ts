import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { textOfPage } from '../../../../sidecar/workshop/evaluate/languageTexts.ts';

describe('the text of a page', () => {
  it('is a line per element, without markup, head and styles', () => {
    const page =
      '<html><head><title>T</title></head><style>p { }</style><body><h1>Article 1</h1><p>All are <b>born</b> free.</p>\n<p> &lt;a &amp; b&gt; &quot;c&quot; </p></body></html>';
    assert.equal(textOfPage(page), 'Article 1\nAll are\nborn\nfree.\n<a & b> "c"');
  });

  it('decodes numeric entities, and keeps invalid ones', () => {
    assert.equal(textOfPage('&#228;&#xE4;&#x1F600;&#x110000;&#99999999999;'), 'ää😀&#x110000;&#99999999999;');
  });
});
