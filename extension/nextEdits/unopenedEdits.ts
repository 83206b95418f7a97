import * as vscode from 'vscode';
import type { NextEdit } from '../../sidecar/protocol/client.ts';

/** A change of a suggestion, by its texts. */
interface ChangeTexts {
  readonly uri: string;
  readonly oldText: string;
  readonly newText: string;
}

/** Suggestions for files that are not open. They come after those for open documents. */
export class UnopenedEdits {
  #suggestions: readonly NextEdit[] = [];

  /** The URI of the file that comes next, in the form of this window. */
  get nextUri(): string | undefined {
    return this.#suggestions[0]?.uri;
  }

  get changes(): readonly ChangeTexts[] {
    return this.#suggestions.flatMap(({ uri, edits }) => edits.map((edit) => ({ ...edit, uri })));
  }

  /** Replaces the suggestions. Leaves out changes that the user dismissed. */
  fill(suggestions: readonly NextEdit[], isDismissed: (change: ChangeTexts) => boolean): void {
    this.#suggestions = suggestions.flatMap((suggestion) => {
      const uri = vscode.Uri.parse(suggestion.uri).toString();
      const edits = suggestion.edits.filter((edit) => !isDismissed({ ...edit, uri }));
      return edits.length > 0 ? [{ ...suggestion, uri, edits }] : [];
    });
  }

  /** Removes and returns the suggestions for a file. */
  take(uri: string): readonly NextEdit[] {
    const taken = this.#suggestions.filter((suggestion) => suggestion.uri === uri);
    this.clear(uri);
    return taken;
  }

  /** Forgets the suggestions, or those for one file. */
  clear(uri?: string): void {
    this.#suggestions = uri === undefined ? [] : this.#suggestions.filter((suggestion) => suggestion.uri !== uri);
  }
}
