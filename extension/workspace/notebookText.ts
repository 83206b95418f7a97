interface NotebookFile {
  readonly cells?: readonly { readonly cell_type?: string; readonly source?: string | readonly string[] }[];
}

/** The code of a Jupyter notebook's file, cell after cell; its texts become comments. `undefined` where the file is none. */
export function notebookText(json: string): string | undefined {
  try {
    const { cells } = JSON.parse(json) as NotebookFile;
    if (!Array.isArray(cells)) return undefined;
    return (cells as NonNullable<NotebookFile['cells']>)
      .map(({ cell_type: type, source = '' }) => {
        const text = (typeof source === 'string' ? source : source.join('')).trimEnd();
        return type === 'code' ? text : text.replace(/^/gm, '# ');
      })
      .join('\n\n');
  } catch {
    return undefined;
  }
}
