import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NgramModel, tokensOf } from './ngramModel.ts';

const learned = ['for (const item of items) {\n  total += item.price;\n}\n', 'for (const item of items) {\n  total += item.price;\n  count++;\n}\n', 'for (const item of list) {\n  print(item);\n}\n'];

describe('NgramModel', () => {
  it('takes words, marks, spaces and indented line breaks for tokens, and loses nothing', () => {
    assert.deepEqual(tokensOf('a_1 += 20;\n  b()'), ['a_1', ' ', '+', '=', ' ', '20', ';', '\n  ', 'b', '(', ')']);
  });

  it('continues as the longest context that it knows', () => {
    const model = new NgramModel(learned);
    assert.equal(model.continueLine('for (const item of items) {\n', '\n', 32), '  total += item.price;');
    assert.equal(model.continueLine('for (const item of list) {\n', '\n', 32), '  print(item);');
  });

  it('completes the word in which the cursor stands', () => {
    const model = new NgramModel(learned);
    assert.equal(model.continueLine('for (const item of items) {\n  tot', '\n', 32), 'al += item.price;');
  });

  it('knows the document itself, before and after the cursor, and forgets it', () => {
    const model = new NgramModel(learned);
    assert.equal(model.continueLine('const width = measure(box);\nconst wi', '', 32), 'dth = measure(box);');
    assert.equal(model.continueLine('const wi', '\nconst width = measure(box);', 32), 'dth = measure(box);');
    assert.equal(model.continueLine('const wi', '', 32), '');
  });
});
