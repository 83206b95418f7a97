import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { htmlToText } from '../../.scripts/bundledModel/htmlText.ts';

describe('htmlToText', () => {
  it('keeps headings, paragraphs and lists, and removes navigation', () => {
    const page = `<html><head><title>T</title><style>p { color: red }</style></head><body><header><a href="x">Home</a></header><nav>Menu</nav>
<h1>Sorting</h1><p>First
line, <b>bold</b> &amp; more.</p><ul><li>one</li><li>two &lt; three</li></ul><footer>Debug</footer></body></html>`;
    assert.equal(htmlToText(page), 'Sorting\n\nFirst line, bold & more.\n\none\n\ntwo < three\n');
  });

  it('keeps the lines of preformatted text', () => {
    assert.equal(
      htmlToText('<p>Say:</p><pre>if (a)\n    b();</pre><p>Done.</p>'),
      'Say:\n\nif (a)\n    b();\n\nDone.\n',
    );
  });

  it('decodes numeric character references and keeps unknown ones', () => {
    assert.equal(htmlToText('<p>&#169; &#x263a; &unknown;</p>'), '© ☺ &unknown;\n');
  });

  it('does not take the name of an object property for a character', () => {
    assert.equal(htmlToText('<p>a &constructor; b</p>'), 'a &constructor; b\n');
  });

  it('keeps the preamble of a declaration, which is in its own header', () => {
    assert.equal(
      htmlToText('<h1>All</h1><header><h2>Preamble</h2><p>Whereas …</p></header><p>Now.</p>'),
      'All\n\nPreamble\n\nWhereas …\n\nNow.\n',
    );
  });
});
