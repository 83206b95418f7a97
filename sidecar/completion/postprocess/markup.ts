import type { Filter } from './filter.ts';

/**
 * Cuts at markup that a model trained on chats or gaps writes around code: special marks, and the fence of a Markdown
 * block.
 */
export const cutMarkup: Filter = (text, { cursor }) => {
  const mark = text.search(/<\|[a-z_▁]+\|>|<(fim|file|repo)_[a-z]+>|<｜[^｜]+｜>|<\/?s>$/);
  const cut = mark < 0 ? text : text.slice(0, mark);
  if (cursor.syntax.prose) return cut;
  const fence = cut.search(/^[ \t]*```/m);
  return fence < 0 ? cut : cut.slice(0, fence);
};
