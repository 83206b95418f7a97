import { parseJson } from '../../sidecar/common/parseJson.ts';
import { notebookLanguage } from './notebookLanguage.ts';

interface NotebookFile {
  readonly cells?: readonly { readonly cell_type?: string; readonly source?: string | readonly string[] }[];
  readonly metadata?: unknown;
}

/** A notebook as one text. */
export interface NotebookText {
  readonly text: string;
  /** VS Code's identifier of its language. */
  readonly languageId: string;
}

/**
 * Returns the code of a Jupyter notebook's file, cell after cell, with its texts as comments. Returns `undefined` if
 * the file is no notebook.
 */
export function notebookText(json: string): NotebookText | undefined {
  try {
    const { cells, metadata } = parseJson(json) as NotebookFile;
    if (!Array.isArray(cells)) return undefined;
    const { languageId, comment } = notebookLanguage(metadata);
    const texts = (cells as NonNullable<NotebookFile['cells']>).map(({ cell_type: type, source = '' }) => {
      const text = (typeof source === 'string' ? source : source.join('')).trimEnd();
      return type === 'code' ? text : text.replace(/^/gm, `${comment} `);
    });
    return { text: texts.join('\n\n'), languageId };
  } catch {
    return undefined;
  }
}
