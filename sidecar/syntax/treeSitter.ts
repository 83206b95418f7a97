/**
 * tree-sitter by its named parts: the package is one script, whose module Node and esbuild know by its default alone.
 */
import * as script from '@vscode/tree-sitter-wasm';
import type * as TreeSitter from '@vscode/tree-sitter-wasm/wasm/web-tree-sitter';

export const { Language, Parser, Query } = (script as unknown as { readonly default: typeof TreeSitter }).default;
export type Language = TreeSitter.Language;
export type Parser = TreeSitter.Parser;
export type Node = TreeSitter.Node;
export type Query = TreeSitter.Query;
export type QueryCapture = TreeSitter.QueryCapture;
export type Tree = TreeSitter.Tree;
